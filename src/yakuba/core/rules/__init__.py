"""Rules of law as code: dated pure functions over integers and exact fractions, wired by the names of their arguments.

One function a concept, with its article and its rounding in the decorator. The same function runs alone, with an explanation
of every step (`explaining`), and compiled over the columns of a whole town (`columns`). Outside its years it refuses.
"""

from .book import Completeness, Given, Missing, NoRules, Result, RuleBook, WrongInput, WrongRules, Year
from .declarations import Input, Params, Rounding, Rule, round_half_up, round_up, rule, truncate
from .explaining import Explanation, Step, explain
from .parameters import ParameterFile, Table, WrongParameters

__all__ = [
    "Completeness", "Explanation", "Given", "Input", "Missing", "NoRules", "ParameterFile", "Params", "Result", "Rounding",
    "Rule", "RuleBook", "Step", "Table", "WrongInput", "WrongParameters", "WrongRules", "Year", "explain", "round_half_up",
    "round_up", "rule", "truncate",
]  # fmt: skip
