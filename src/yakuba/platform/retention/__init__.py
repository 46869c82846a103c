"""Keeping and erasing (保存と廃棄): every kind of record has its dated rule, and what is past it goes, with evidence.

A room registers its kinds of record: since when each record's period runs, how long, and which rows are the record. A run
(廃棄処理) is requested for a base date, lists what has expired, is approved by each office that holds records, and erases on
the disposal date. What stays and why (a hold, no approval, changed since) is part of its report. History cannot be deleted
otherwise: the database lets a record go only inside the erasing function of an approved run.
"""
