"""A small thesaurus: which words mean the same, so that paraphrases are near each other."""

from __future__ import annotations

import re

# One meaning a line; its first word names it. Words are stems, as `_stem` leaves them.
_SYNONYMS = """
account profile login
afraid scared frightened fear terrified
alone lonely solitary
angry furious mad upset annoyed
answer reply respond response
apartment flat
arrive come reach land
ask inquire request enquire
automobile car vehicle auto
autumn fall
baby infant newborn
bad awful terrible poor horrible
beautiful pretty lovely gorgeous handsome
begin start commence launch
bicycle bike cycle cycling
big large huge enormous giant vast
book novel volume
boat ship vessel
boss manager supervisor
boy lad son
bread loaf
brief short concise
bug defect fault error failure mistake
build construct erect assemble
business company firm enterprise corporation
buy purchase acquire bought
calm peaceful tranquil quiet
cancel abort revoke
cat kitten feline kitty
cheap inexpensive affordable
child kid children
city town metropolis
clean wash tidy
climb ascend scale
close shut
clothes garment clothing apparel
cold chilly freezing icy
computer machine pc laptop
cook prepare bake chef
correct right accurate true
cost price charge expense fee
country nation state
crash collapse
create make produce generate
danger hazard risk peril
deliver shipping delivery dispatch
delete remove erase
difficult hard tough challenging
dinner supper meal
doctor physician medic
document file paper
dog puppy canine hound
drink sip beverage
drive steer drove
eat consume devour ate dine
effective efficient
employee worker staff
end finish conclude complete final over
evening night tonight
examine inspect check investigate study
exercise workout training train
explain clarify describe
false wrong incorrect
family relative
fast quick rapid swift speedy
film movie cinema picture
find locate discover found
fix repair mend restore
flower blossom bloom
food meal cuisine dish
forest wood woodland
forget forgot
friend pal buddy companion
funny humorous amusing hilarious
game match
garden yard
gift present
girl lass daughter
glad happy joyful cheerful delighted pleased
travel journey trip
good great excellent fine superb wonderful fantastic
gravity gravitation
grow expand increase rise
guide manual handbook instruction step
happen occur
hat cap
heal cure
healthy fit well
help assist aid support
hill mountain peak
holiday vacation
home house residence dwelling
hospital clinic
hot warm heat
hotel inn
hungry starving famished
hurt injure harm wound
idea notion concept thought
ill sick unwell
important crucial essential vital significant
improve enhance better upgrade
inform tell notify
job work occupation employment career
jump leap hop spring
kill murder slay
kitchen cookery
lady woman female women
laugh giggle chuckle
lawyer attorney solicitor
learn study
leave depart exit
like enjoy love adore fond
listen hear
little small tiny mini
live reside dwell
look see watch view
lose lost misplace
man male gentleman guy men
many numerous several lot
market bazaar
medicine drug medication
meet meeting encounter conference
mobile phone telephone smartphone cellphone
money cash fund
morning dawn sunrise
music song tune melody
need require must
new recent modern fresh
news report
ocean sea
old ancient aged elderly
password passcode credential
pay settle paid
people person human
plane airplane aircraft aeroplane jet
plant vegetation
play perform
police cop officer
program software app application
property estate
pupil student schoolchild
rain shower downpour rainy
read peruse
refund reimburse reimbursement moneyback
reset recover change
return send
rich wealthy
road street
rock stone
rule regulation
run sprint jog ran
sad unhappy sorrowful miserable
safe secure
say speak talk state
school college academy
scientist researcher
sell vend sold
server host
shop store
show display present
sit seat sat
sleep slumber nap asleep
smart clever intelligent bright
smell scent odor
snow blizzard
sofa couch settee
soldier troop
speech lecture
spend expend
stop halt cease
storm tempest
story tale
strong powerful mighty
sun sunshine sunny
swim swam
task chore assignment
teach instruct educate taught
teacher instructor tutor educator
team squad crew
test exam examination
throw toss hurl threw
tired exhausted weary
train railway rail
trash garbage rubbish waste
ugly hideous
understand comprehend grasp
use utilize employ
vacuum hoover
victory win triumph won
village hamlet
visit tour
wait stay
walk stroll march hike
war battle conflict
weather climate
weak feeble
wet damp soaked
wide broad
wind breeze
winter wintertime
world earth globe planet
write compose pen wrote
year annual
yell shout scream
young youthful
"""
_SMALL = """
a about after all also am an and any are as at be been before being between both but by can could did do does
doing done down during each few for from further get getting give go going got had has have having he her here him
his how i if in into is it its just let made may me more most my no nor not now of off on once one only or other
our out own please same she should so some such than that the their them then there these they this those through
to too under until up upon us very was way we were what when where which while who whom why will with within would
you your
"""
_STOP_WORDS = frozenset(_SMALL.split())
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_CJK}]|(?:(?![{_CJK}])\w)+")
# An ending, what stands in its place, and how much of the word must be left.
_ENDINGS = (
    ("ies", "y", 2),
    ("ied", "y", 2),
    ("sses", "ss", 1),
    ("ing", "", 3),
    ("ed", "", 3),
    ("ly", "", 5),
    ("es", "", 3),
    ("s", "", 3),
)


def concepts(text: str) -> list[tuple[str, str]]:
    """What a text speaks of, in its order: the concept and the word's stem for each word that says something."""
    words = [word.replace("_", "") for word in _WORD.findall(text.casefold().replace("'s", ""))]
    telling = [word for word in words if word and word not in _STOP_WORDS]
    stems = [_stem(word) for word in telling or words]
    return [(_CONCEPTS.get(stem, stem), stem) for stem in stems]


def _stem(word: str) -> str:
    """The word without its English ending: `hurry`, `hurries` and `hurried` are one, `run` and `running` too."""
    for ending, instead, left in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= left and not word.endswith("ss"):
            word = word[: -len(ending)] + instead
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
                word = word[:-1]
            break
    if len(word) > 3 and word[-1] == "e":
        return word[:-1]
    return word[:-1] + "i" if len(word) > 2 and word[-1] == "y" else word


def _by_stem() -> dict[str, str]:
    found: dict[str, str] = {}
    for line in _SYNONYMS.strip().splitlines():
        words = line.split()
        for word in words:
            found.setdefault(_stem(word), words[0])
    return found


_CONCEPTS = _by_stem()
