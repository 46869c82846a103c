"""Compiles the raw reference data of `data-src/` into the compact files of `yakuba/core/data/`.

Run `python -m yakuba.core.data_build data-src src/yakuba/core/data`. Same input, same bytes.
"""
