import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import yakuba.systems.seals.models
from yakuba.systems.seals import sql


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.RunSQL(sql.SEQUENCES, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="Imprint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("picture", models.BinaryField(help_text="PNG, grey, ink and a margin")),
                ("picture_width_um", models.IntegerField()),
                ("picture_height_um", models.IntegerField()),
                ("width_um", models.IntegerField(help_text="of the ink")),
                ("height_um", models.IntegerField(help_text="of the ink")),
                ("fingerprint", yakuba.systems.seals.models.FingerprintField()),
                ("content_hash", models.TextField(help_text="SHA-256 of the picture")),
                ("taken_at", models.DateTimeField()),
            ],
            options={
                "db_table": "seals_imprint",
            },
        ),
        migrations.CreateModel(
            name="SealApplication",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "key",
                    models.UUIDField(help_text="of the form: the same form sent twice is one application", unique=True),
                ),
                ("person", models.BigIntegerField(help_text="宛名番号")),
                ("version_no", models.IntegerField(help_text="履歴番号 that the clerk saw")),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("inquired", "照会中（回答待ち）"),
                            ("waiting", "審査待ち"),
                            ("registered", "登録済"),
                            ("returned", "差戻し"),
                            ("withdrawn", "取下げ"),
                            ("lapsed", "回答期限の経過により失効"),
                        ]
                    ),
                ),
                ("engraving_text", models.TextField(help_text="刻印文字")),
                ("engraving_key", models.TextField(help_text="rules.engraving_key")),
                ("engraving_kind", models.TextField(help_text="刻印種類コード")),
                ("material", models.TextField(help_text="印材コード")),
                ("applicant_kind", models.TextField(help_text="申請者コード")),
                ("applicant_name", models.TextField(help_text="申請者名")),
                ("attorney_letter", models.BooleanField(help_text="代理権授与通知書（委任状）を確認した")),
                ("with_guardian", models.BooleanField(help_text="法定代理人が同行した（成年被後見人）")),
                ("identity_method", models.TextField(help_text="本人確認コード")),
                (
                    "identity_documents",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("guarantor_number", models.BigIntegerField(help_text="保証人の登録番号", null=True)),
                ("replaces", models.BooleanField(help_text="改印: the present registration ends with the new one")),
                ("remark", models.TextField(default="", help_text="登録備考")),
                (
                    "confirmed",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, help_text="warnings confirmed by name", size=None
                    ),
                ),
                ("received_on", models.DateField()),
                ("created_at", models.DateTimeField()),
                ("account", models.TextField()),
                ("office", models.TextField(help_text="受付課所")),
                ("terminal", models.TextField()),
                ("inquiry_number", models.TextField(help_text="照会番号", null=True, unique=True)),
                ("inquired_on", models.DateField(help_text="照会日", null=True)),
                ("answer_due_on", models.DateField(help_text="回答期限", null=True)),
                ("answered_on", models.DateField(help_text="回答日", null=True)),
                (
                    "answer_documents",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, help_text="of who brought the answer", size=None
                    ),
                ),
                ("closed_at", models.DateTimeField(null=True)),
                ("reviewer", models.TextField(default="")),
                ("review_comment", models.TextField(default="")),
                (
                    "imprint",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="seals.imprint",
                    ),
                ),
            ],
            options={
                "db_table": "seals_application",
            },
        ),
        migrations.CreateModel(
            name="Registration",
            fields=[
                (
                    "number",
                    models.BigIntegerField(help_text="登録番号, with check digit", primary_key=True, serialize=False),
                ),
                ("person", models.BigIntegerField(help_text="宛名番号")),
                ("version_no", models.IntegerField(help_text="履歴番号 of the record on which it rests")),
                ("imprint_sequence", models.IntegerField(help_text="印影履歴SEQ")),
                ("former_number", models.BigIntegerField(help_text="旧印鑑番号", null=True)),
                ("engraving_text", models.TextField(help_text="刻印文字")),
                ("engraving_key", models.TextField()),
                ("engraving_kind", models.TextField(help_text="刻印種類コード")),
                ("material", models.TextField(help_text="印材コード")),
                ("applicant_kind", models.TextField(help_text="申請者コード")),
                ("applicant_name", models.TextField(help_text="申請者名")),
                ("identity_method", models.TextField(help_text="本人確認コード")),
                ("remark", models.TextField(default="", help_text="登録備考")),
                ("receiving_office", models.TextField(help_text="受付課所")),
                ("keeping_office", models.TextField(help_text="原票保管課所")),
                ("registered_on", models.DateField()),
                ("ended_on", models.DateField(help_text="廃止抹消日", null=True)),
                ("end_reason", models.TextField(default="")),
                ("stopped_on", models.DateField(help_text="証明発行停止日, while it is stopped", null=True)),
                ("stop_reason", models.TextField(default="")),
                (
                    "imprint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="registrations", to="seals.imprint"
                    ),
                ),
                (
                    "application",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="registration",
                        to="seals.sealapplication",
                    ),
                ),
            ],
            options={
                "db_table": "seals_registration",
            },
        ),
        migrations.CreateModel(
            name="SealIssue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.TextField(help_text="発行番号 without page numbers", unique=True)),
                ("serial", models.IntegerField()),
                ("card", models.BigIntegerField()),
                ("person", models.BigIntegerField()),
                ("version_no", models.IntegerField(help_text="履歴番号 that was printed")),
                ("shown", models.TextField(help_text="登録証の提示, or its number with identity")),
                ("requester_kind", models.TextField()),
                ("requester_name", models.TextField()),
                (
                    "identity_documents",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("content_hash", models.TextField()),
                ("pages", models.IntegerField()),
                ("issued_at", models.DateTimeField()),
                ("account", models.TextField()),
                ("office", models.TextField()),
                ("terminal", models.TextField()),
                ("printer", models.TextField()),
                ("request_key", models.UUIDField(unique=True)),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="issues", to="seals.registration"
                    ),
                ),
            ],
            options={
                "db_table": "seals_issue",
            },
        ),
        migrations.CreateModel(
            name="Step",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person", models.BigIntegerField()),
                ("card", models.BigIntegerField(null=True)),
                (
                    "act",
                    models.TextField(
                        choices=[
                            ("applied", "登録申請"),
                            ("inquired", "照会書の送付"),
                            ("answered", "照会書への回答"),
                            ("returned", "差戻し"),
                            ("withdrawn", "取下げ"),
                            ("unanswered", "回答期限の経過"),
                            ("registered", "登録"),
                            ("abolished", "廃止"),
                            ("lapsed", "職権抹消"),
                            ("restored", "職権回復"),
                            ("stopped", "証明書の発行停止"),
                            ("released", "発行停止の解除"),
                            ("card_lost", "登録証の亡失"),
                            ("card_reissued", "登録証の再交付・引替"),
                            ("card_returned", "登録証の返納"),
                            ("notice_printed", "通知書の作成"),
                        ]
                    ),
                ),
                ("legal_date", models.DateField()),
                ("reason", models.TextField(default="", help_text="a code of the act's own list")),
                ("comment", models.TextField(default="")),
                ("at", models.DateTimeField()),
                ("account", models.TextField()),
                ("office", models.TextField(default="")),
                ("terminal", models.TextField(default="")),
                ("event", models.BigIntegerField(null=True)),
                (
                    "application",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="seals.sealapplication",
                    ),
                ),
                (
                    "registration",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="seals.registration",
                    ),
                ),
            ],
            options={
                "db_table": "seals_step",
            },
        ),
        migrations.CreateModel(
            name="LapseNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person", models.BigIntegerField()),
                ("version_no", models.IntegerField(help_text="履歴番号 to whose address it goes")),
                ("reason", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("printed_at", models.DateTimeField(null=True)),
                ("printed_by", models.TextField(default="")),
                (
                    "registration",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notice", to="seals.registration"
                    ),
                ),
            ],
            options={
                "db_table": "seals_notice",
                "indexes": [
                    models.Index(
                        condition=models.Q(("printed_at__isnull", True)), fields=["made_at"], name="seals_notice_open"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Card",
            fields=[
                (
                    "number",
                    models.BigIntegerField(
                        help_text="登録証の番号, with check digit", primary_key=True, serialize=False
                    ),
                ),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("valid", "有効"),
                            ("lost", "亡失"),
                            ("replaced", "引替"),
                            ("returned", "返納"),
                            ("void", "登録の終了により無効"),
                        ],
                        default="valid",
                    ),
                ),
                ("issued_on", models.DateField()),
                ("closed_on", models.DateField(null=True)),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cards", to="seals.registration"
                    ),
                ),
            ],
            options={
                "db_table": "seals_card",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "valid")), fields=("registration",), name="seals_card_one_valid"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="sealapplication",
            index=models.Index(fields=["state", "answer_due_on"], name="seals_application_queue"),
        ),
        migrations.AddIndex(
            model_name="sealapplication",
            index=models.Index(fields=["person"], name="seals_application_person"),
        ),
        migrations.AddConstraint(
            model_name="sealapplication",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("inquired", "waiting"))),
                fields=("person",),
                name="seals_application_one_open",
            ),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(
                condition=models.Q(("ended_on__isnull", True)),
                fields=["engraving_key"],
                name="seals_registration_engraving",
            ),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(fields=["ended_on"], name="seals_registration_ended"),
        ),
        migrations.AddConstraint(
            model_name="registration",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_on__isnull", True)), fields=("person",), name="seals_registration_one_active"
            ),
        ),
        migrations.AddConstraint(
            model_name="registration",
            constraint=models.UniqueConstraint(
                fields=("person", "imprint_sequence"), name="seals_registration_sequence"
            ),
        ),
        migrations.AddIndex(
            model_name="sealissue",
            index=models.Index(fields=["person"], name="seals_issue_person"),
        ),
        migrations.AddIndex(
            model_name="sealissue",
            index=models.Index(fields=["issued_at"], name="seals_issue_day"),
        ),
        migrations.AddIndex(
            model_name="step",
            index=models.Index(fields=["person", "id"], name="seals_step_person"),
        ),
        migrations.AddIndex(
            model_name="step",
            index=models.Index(fields=["act", "legal_date"], name="seals_step_act"),
        ),
        migrations.AddConstraint(
            model_name="step",
            constraint=models.UniqueConstraint(
                condition=models.Q(("event__isnull", False)),
                fields=("event", "registration"),
                name="seals_step_event_once",
            ),
        ),
    ]
