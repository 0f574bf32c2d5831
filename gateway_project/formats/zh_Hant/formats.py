"""Taiwan: thousands apart by commas (Django has groups of four without any), weeks from Sunday, no leading zeros."""

MONTH_DAY_FORMAT = "n月j日"
FIRST_DAY_OF_WEEK = 0
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
