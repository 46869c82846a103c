"""The roof: the requirements of published assessments, held against what the tests showed. See README.md."""
