"""コード表: dated code lists, and the two rules that hang on them (続柄, 本人確認)."""

from yakuba.core.codes.code_list import Basis, CodeEntry, CodeList
from yakuba.core.codes.identity import check_identity_documents
from yakuba.core.codes.relationships import check_relationship, relationship_is_valid

__all__ = [
    "Basis",
    "CodeEntry",
    "CodeList",
    "check_identity_documents",
    "check_relationship",
    "relationship_is_valid",
]
