"""Taiwan: thousands apart by commas (Django has groups of four without any), weeks from Sunday, no leading zeros.

Dates are filled in as in English, so that an address with a filter in it says the same in either language; others are
read too.
"""

MONTH_DAY_FORMAT = "n月j日"
FIRST_DAY_OF_WEEK = 0
DATE_INPUT_FORMATS = ["%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日"]
DATETIME_INPUT_FORMATS = [
    f"{date} {time}" for date in DATE_INPUT_FORMATS for time in ("%H:%M:%S", "%H:%M:%S.%f", "%H:%M")
]
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
