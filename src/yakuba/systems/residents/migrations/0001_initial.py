import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

import yakuba.systems.residents.models
from yakuba.systems.residents import sql


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("events", "0002_append_only"),
    ]

    operations = [
        migrations.RunSQL(sql.SEQUENCES, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="Certifier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("period", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("title", models.TextField()),
                ("name", models.TextField()),
                ("seal_svg", models.TextField(help_text="公印, black on transparent; empty: 公印省略")),
                ("seal_side_mm", models.SmallIntegerField(default=22)),
            ],
            options={
                "db_table": "residents_certifier",
            },
        ),
        migrations.CreateModel(
            name="Household",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "residents_household",
            },
        ),
        migrations.CreateModel(
            name="Town",
            fields=[
                ("code", models.TextField(help_text="団体コード, 6 digits", primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("prefecture", models.TextField()),
                ("is_sandbox", models.BooleanField()),
                ("channels", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
            ],
            options={
                "db_table": "residents_town",
            },
        ),
        migrations.CreateModel(
            name="CodePool",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.TextField(unique=True)),
                ("requested_on", models.DateField()),
                ("shuffle", models.FloatField()),
                ("assigned_on", models.DateField(null=True)),
            ],
            options={
                "db_table": "residents_code_pool",
                "indexes": [
                    models.Index(
                        condition=models.Q(("assigned_on__isnull", True)),
                        fields=["shuffle"],
                        name="residents_code_pool_free",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Filing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.TextField()),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("provisional", "仮登録（審査待ち）"),
                            ("registered", "本登録済"),
                            ("returned", "差戻し"),
                            ("withdrawn", "取下げ"),
                        ],
                        default="provisional",
                    ),
                ),
                ("key", models.UUIDField(help_text="of the form: the same form sent twice is one filing", unique=True)),
                ("entries", models.JSONField(help_text="what was entered, field by field")),
                (
                    "confirmed",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, help_text="warnings confirmed by name", size=None
                    ),
                ),
                (
                    "persons",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        default=list,
                        help_text="宛名番号 known at entry",
                        size=None,
                    ),
                ),
                ("base_versions", models.JSONField(default=dict, help_text="宛名番号 -> 履歴番号 that the clerk saw")),
                (
                    "individual_numbers",
                    models.JSONField(default=dict, help_text="place in the form -> vault id; never in `entries`"),
                ),
                ("legal_date", models.DateField(help_text="異動日（内部の日付値）")),
                ("notified_on", models.DateField(help_text="届出日; empty for 職権", null=True)),
                ("channel", models.TextField(help_text="窓口・郵送・オンライン・職権")),
                ("ground", models.TextField(default="", help_text="職権の根拠")),
                ("notifier_kind", models.TextField(default="")),
                ("notifier_name", models.TextField(default="")),
                ("notifier_address", models.TextField(default="")),
                ("notifier_phone", models.TextField(default="")),
                (
                    "identity_documents",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("attorney_letter", models.BooleanField(default=False)),
                ("caution", models.TextField(default="", help_text="留意事項（統合記載欄B類型）")),
                ("created_at", models.DateTimeField()),
                ("account", models.TextField()),
                ("office", models.TextField()),
                ("terminal", models.TextField()),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("reviewer", models.TextField(default="")),
                ("review_comment", models.TextField(default="")),
            ],
            options={
                "db_table": "residents_filing",
                "indexes": [
                    models.Index(fields=["state", "created_at"], name="residents_filing_queue"),
                    django.contrib.postgres.indexes.GinIndex(fields=["persons"], name="residents_filing_persons"),
                    models.Index(fields=["reviewed_at"], name="residents_filing_reviewed"),
                ],
            },
        ),
        migrations.CreateModel(
            name="FilingStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("provisional", "仮登録（審査待ち）"),
                            ("registered", "本登録済"),
                            ("returned", "差戻し"),
                            ("withdrawn", "取下げ"),
                        ]
                    ),
                ),
                ("at", models.DateTimeField()),
                ("account", models.TextField()),
                ("comment", models.TextField(default="")),
                (
                    "filing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="residents.filing"
                    ),
                ),
            ],
            options={
                "db_table": "residents_filing_step",
            },
        ),
        migrations.CreateModel(
            name="ImportRefusal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("job", models.BigIntegerField()),
                ("row", models.BigIntegerField(help_text="行: the header is 1")),
                ("number", models.BigIntegerField(help_text="宛名番号, where the row states a valid one", null=True)),
                ("findings", models.JSONField()),
                (
                    "line",
                    models.TextField(help_text="empty where the row is no record: then `sealed` holds the whole line"),
                ),
                ("sealed", models.BinaryField(null=True)),
                ("resolved_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "residents_import_refusal",
                "indexes": [
                    models.Index(
                        condition=models.Q(("resolved_at__isnull", True)),
                        fields=["number"],
                        name="residents_import_refusal_open",
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("job", "row"), name="residents_import_refusal_row")],
            },
        ),
        migrations.CreateModel(
            name="Issue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.TextField(help_text="発行番号 without page numbers", unique=True)),
                ("serial", models.IntegerField(help_text="連番 of the day at the terminal")),
                ("kind", models.TextField()),
                ("persons", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ("versions", models.JSONField(help_text="宛名番号 -> 履歴番号 that was printed")),
                ("options", models.JSONField()),
                ("requester_kind", models.TextField()),
                ("requester_name", models.TextField()),
                ("use_purpose", models.TextField(help_text="使用目的")),
                ("destination", models.TextField(help_text="提出先")),
                (
                    "identity_documents",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("pages", models.IntegerField()),
                ("content_hash", models.TextField()),
                ("issued_at", models.DateTimeField()),
                ("account", models.TextField()),
                ("office", models.TextField()),
                ("terminal", models.TextField()),
                ("printer", models.TextField()),
                ("request_key", models.UUIDField(help_text="the same request sent twice is one paper", unique=True)),
                ("delivered_at", models.DateTimeField(null=True)),
                ("delivered_by", models.TextField(default="")),
            ],
            options={
                "db_table": "residents_issue",
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["persons"], name="residents_issue_persons"),
                    models.Index(fields=["issued_at"], name="residents_issue_day"),
                ],
            },
        ),
        migrations.CreateModel(
            name="IssueCounter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("terminal", models.TextField()),
                ("last", models.IntegerField()),
            ],
            options={
                "db_table": "residents_issue_counter",
                "constraints": [
                    models.UniqueConstraint(fields=("day", "terminal"), name="residents_issue_counter_day")
                ],
            },
        ),
        migrations.CreateModel(
            name="PopulationDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("reason", models.TextField()),
                ("entered", models.IntegerField(default=0)),
                ("left_count", models.IntegerField(default=0)),
                ("changed", models.IntegerField(default=0)),
            ],
            options={
                "db_table": "residents_population_day",
                "constraints": [
                    models.UniqueConstraint(fields=("day", "reason"), name="residents_population_day_reason")
                ],
            },
        ),
        migrations.CreateModel(
            name="Resident",
            fields=[
                ("number", models.BigIntegerField(help_text="宛名番号", primary_key=True, serialize=False)),
                ("version_no", models.IntegerField(help_text="履歴番号 of the current version")),
                ("household_number", models.BigIntegerField()),
                ("is_open", models.BooleanField(help_text="住民である（除票になっていない）")),
                ("pending_filing", models.BigIntegerField(help_text="仮登録中の異動", null=True)),
            ],
            options={
                "db_table": "residents_resident",
                "indexes": [models.Index(fields=["household_number"], name="residents_resident_household")],
            },
        ),
        migrations.CreateModel(
            name="SearchAddress",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "person", "place", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("person", models.BigIntegerField()),
                ("place", models.SmallIntegerField(help_text="among the person's addresses, from 1")),
                ("is_current", models.BooleanField()),
                ("is_open", models.BooleanField()),
                ("town_code", models.TextField()),
                ("address", models.TextField()),
            ],
            options={
                "db_table": "residents_search_address",
                "indexes": [
                    models.Index(fields=["address"], name="residents_saddr_address", opclasses=["text_pattern_ops"]),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["address"], name="residents_saddr_trgm", opclasses=["gin_trgm_ops"]
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchName",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "person", "place", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("person", models.BigIntegerField()),
                ("place", models.SmallIntegerField(help_text="among the person's faces, from 1")),
                ("is_current", models.BooleanField()),
                ("is_open", models.BooleanField()),
                ("name", models.TextField()),
                ("kana", models.TextField()),
                (
                    "grams",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), help_text="search_keys.grams of name and kana", size=None
                    ),
                ),
                ("birth_from", models.DateField()),
                ("birth_to", models.DateField()),
                (
                    "birth_is_uncertain",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Q(("birth_from__lt", models.F("birth_to"))),
                        output_field=models.BooleanField(),
                    ),
                ),
                ("sex", models.TextField(null=True)),
            ],
            options={
                "db_table": "residents_search_name",
                "indexes": [
                    models.Index(
                        django.contrib.postgres.indexes.OpClass(models.F("kana"), "text_pattern_ops"),
                        models.F("birth_from"),
                        name="residents_sname_kana",
                    ),
                    models.Index(
                        django.contrib.postgres.indexes.OpClass(models.F("name"), "text_pattern_ops"),
                        models.F("birth_from"),
                        name="residents_sname_name",
                    ),
                    models.Index(fields=["birth_from"], name="residents_sname_birth"),
                    models.Index(
                        condition=models.Q(("birth_is_uncertain", True)),
                        fields=["birth_to"],
                        name="residents_sname_uncertain",
                    ),
                    django.contrib.postgres.indexes.GinIndex(fields=["grams"], name="residents_sname_grams"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ResidentVersion",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "person", "version_no", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_column="person",
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="residents.resident",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="events.event",
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
                ("version_no", models.IntegerField()),
                ("valid_from", models.DateField(help_text="法律上の効力の日")),
                ("filing", models.BigIntegerField(null=True)),
                ("cancels", models.IntegerField(help_text="取り消した版の履歴番号", null=True)),
                ("reason", models.TextField(help_text="異動事由")),
                ("effect", models.TextField(help_text="記載・消除・修正")),
                ("household_number", models.BigIntegerField(verbose_name="世帯番号")),
                ("resident_code", models.TextField(null=True, verbose_name="住民票コード")),
                ("individual_number", models.BigIntegerField(null=True, verbose_name="個人番号")),
                ("residence_card", models.TextField(null=True, verbose_name="在留カード等の番号")),
                ("resident_kind", models.TextField(verbose_name="住民種別")),
                ("status", models.TextField(verbose_name="住民状態")),
                ("record_number", models.BigIntegerField(null=True, verbose_name="住民票番号")),
                ("former_record_number", models.BigIntegerField(null=True, verbose_name="改製前住民票番号")),
                ("recreated_on", models.DateField(null=True, verbose_name="改製年月日")),
                ("name", models.TextField(null=True, verbose_name="氏名")),
                ("name_kana", models.TextField(null=True, verbose_name="氏名の振り仮名")),
                ("name_kana_confirmed", models.BooleanField(null=True, verbose_name="振り仮名の確認")),
                ("name_latin", models.TextField(null=True, verbose_name="氏名（アルファベット）")),
                ("former_surname", models.TextField(null=True, verbose_name="旧氏")),
                ("former_surname_kana", models.TextField(null=True, verbose_name="旧氏の振り仮名")),
                ("former_surname_kana_confirmed", models.BooleanField(null=True, verbose_name="旧氏の振り仮名の確認")),
                ("former_surname_inquired_on", models.DateField(null=True, verbose_name="旧氏戸籍照会年月日")),
                ("alias", models.TextField(null=True, verbose_name="通称")),
                ("alias_kana", models.TextField(null=True, verbose_name="通称の振り仮名")),
                ("alias_kana_confirmed", models.BooleanField(null=True, verbose_name="通称の振り仮名の確認")),
                ("alias_entered_on", models.DateField(null=True, verbose_name="通称を記載した年月日")),
                ("alias_entered_at", models.TextField(null=True, verbose_name="通称を記載した市区町村")),
                ("alias_deleted_on", models.DateField(null=True, verbose_name="通称を削除した年月日")),
                ("alias_deleted_at", models.TextField(null=True, verbose_name="通称を削除した市区町村")),
                ("name_priority", models.TextField(null=True, verbose_name="氏名優先区分")),
                ("birth", yakuba.systems.residents.models.UncertainDateField(verbose_name="生年月日")),
                ("sex", models.TextField(null=True, verbose_name="性別")),
                ("householder_name", models.TextField(null=True, verbose_name="世帯主の氏名")),
                ("relationship", models.TextField(null=True, verbose_name="世帯主との続柄")),
                ("household_order", models.BigIntegerField(null=True, verbose_name="世帯員の並び順")),
                ("address_code", models.TextField(null=True, verbose_name="住所（住所コード）")),
                ("address_postal", models.TextField(null=True, verbose_name="住所（郵便番号）")),
                ("address_town", models.TextField(null=True, verbose_name="住所（町名まで）")),
                ("address_banchi", models.TextField(null=True, verbose_name="住所（番地）")),
                ("address_katagaki", models.TextField(null=True, verbose_name="住所（方書）")),
                (
                    "address_since",
                    yakuba.systems.residents.models.UncertainDateField(null=True, verbose_name="住所を定めた年月日"),
                ),
                ("address_since_reason", models.TextField(null=True, verbose_name="住所を定めた事由")),
                ("address_notified_on", models.DateField(null=True, verbose_name="住所を定めた届出の年月日")),
                ("district_admin", models.TextField(null=True, verbose_name="行政区")),
                ("district_neighbourhood", models.TextField(null=True, verbose_name="隣組")),
                ("district_elementary", models.TextField(null=True, verbose_name="小学校区")),
                ("district_junior_high", models.TextField(null=True, verbose_name="中学校区")),
                ("district_voting", models.TextField(null=True, verbose_name="投票区")),
                (
                    "resident_since",
                    yakuba.systems.residents.models.UncertainDateField(null=True, verbose_name="住民となった年月日"),
                ),
                ("resident_since_reason", models.TextField(null=True, verbose_name="住民となった事由")),
                ("resident_notified_on", models.DateField(null=True, verbose_name="住民となった届出の年月日")),
                (
                    "foreign_resident_since",
                    yakuba.systems.residents.models.UncertainDateField(
                        null=True, verbose_name="外国人住民となった年月日"
                    ),
                ),
                ("foreign_resident_since_reason", models.TextField(null=True, verbose_name="外国人住民となった事由")),
                ("alien_registered_on", models.DateField(null=True, verbose_name="旧外登法による登録年月日")),
                ("domicile_code", models.TextField(null=True, verbose_name="本籍（住所コード）")),
                ("domicile_postal", models.TextField(null=True, verbose_name="本籍（郵便番号）")),
                ("domicile_town", models.TextField(null=True, verbose_name="本籍（町名まで）")),
                ("domicile_banchi", models.TextField(null=True, verbose_name="本籍（番地）")),
                ("domicile_katagaki", models.TextField(null=True, verbose_name="本籍（方書）")),
                ("register_head", models.TextField(null=True, verbose_name="筆頭者")),
                ("previous_code", models.TextField(null=True, verbose_name="転入前住所（住所コード）")),
                ("previous_postal", models.TextField(null=True, verbose_name="転入前住所（郵便番号）")),
                ("previous_town", models.TextField(null=True, verbose_name="転入前住所（町名まで）")),
                ("previous_banchi", models.TextField(null=True, verbose_name="転入前住所（番地）")),
                ("previous_katagaki", models.TextField(null=True, verbose_name="転入前住所（方書）")),
                ("previous_householder", models.TextField(null=True, verbose_name="転入前住所の世帯主")),
                ("previous_unregistered", models.BooleanField(null=True, verbose_name="転入前住所（未届）")),
                ("last_registered_code", models.TextField(null=True, verbose_name="最終登録住所地（住所コード）")),
                ("last_registered_postal", models.TextField(null=True, verbose_name="最終登録住所地（郵便番号）")),
                ("last_registered_town", models.TextField(null=True, verbose_name="最終登録住所地（町名まで）")),
                ("last_registered_banchi", models.TextField(null=True, verbose_name="最終登録住所地（番地）")),
                ("last_registered_katagaki", models.TextField(null=True, verbose_name="最終登録住所地（方書）")),
                ("planned_code", models.TextField(null=True, verbose_name="転出先住所（予定）（住所コード）")),
                ("planned_postal", models.TextField(null=True, verbose_name="転出先住所（予定）（郵便番号）")),
                ("planned_town", models.TextField(null=True, verbose_name="転出先住所（予定）（町名まで）")),
                ("planned_banchi", models.TextField(null=True, verbose_name="転出先住所（予定）（番地）")),
                ("planned_katagaki", models.TextField(null=True, verbose_name="転出先住所（予定）（方書）")),
                ("confirmed_code", models.TextField(null=True, verbose_name="転出先住所（確定）（住所コード）")),
                ("confirmed_postal", models.TextField(null=True, verbose_name="転出先住所（確定）（郵便番号）")),
                ("confirmed_town", models.TextField(null=True, verbose_name="転出先住所（確定）（町名まで）")),
                ("confirmed_banchi", models.TextField(null=True, verbose_name="転出先住所（確定）（番地）")),
                ("confirmed_katagaki", models.TextField(null=True, verbose_name="転出先住所（確定）（方書）")),
                ("move_out_planned_on", models.DateField(null=True, verbose_name="転出予定年月日")),
                ("move_out_on", models.DateField(null=True, verbose_name="転出年月日")),
                ("move_in_notice_on", models.DateField(null=True, verbose_name="転入通知年月日")),
                ("move_in_notice_notified_on", models.DateField(null=True, verbose_name="転入通知の届出年月日")),
                ("closing_reason", models.TextField(null=True, verbose_name="消除事由")),
                ("closing_ground", models.TextField(null=True, verbose_name="消除の根拠（施行令）")),
                (
                    "closed_on",
                    yakuba.systems.residents.models.UncertainDateField(null=True, verbose_name="事由の生じた年月日"),
                ),
                ("closing_notified_on", models.DateField(null=True, verbose_name="消除の届出の年月日")),
                ("moved_to_closed_store", models.BooleanField(null=True, verbose_name="除票データベースへの移行")),
                ("card_status", models.TextField(null=True, verbose_name="個人番号カードの発行状況")),
                ("signature_serial", models.TextField(null=True, verbose_name="署名用電子証明書シリアル番号")),
                (
                    "user_certificate_serial",
                    models.TextField(null=True, verbose_name="利用者証明用電子証明書シリアル番号"),
                ),
                ("nationality", models.TextField(null=True, verbose_name="国籍・地域")),
                ("article_30_45", models.TextField(null=True, verbose_name="法第30条の45の区分")),
                ("residence_status", models.TextField(null=True, verbose_name="在留資格")),
                ("residence_period", models.TextField(null=True, verbose_name="在留期間")),
                ("residence_until", models.DateField(null=True, verbose_name="在留期間の満了の日")),
                ("landing_until", models.DateField(null=True, verbose_name="上陸期間・仮滞在期間の満了の日")),
                ("residence_notified", models.BooleanField(null=True, verbose_name="住居地の届出の有無")),
                ("landed_move_in", models.BooleanField(null=True, verbose_name="上陸許可証による転入")),
                ("nhi_qualified", models.BooleanField(null=True, verbose_name="国民健康保険（資格の有無）")),
                ("nhi_number", models.TextField(null=True, verbose_name="国民健康保険（番号）")),
                ("nhi_acquired_on", models.DateField(null=True, verbose_name="国民健康保険（取得年月日）")),
                ("nhi_lost_on", models.DateField(null=True, verbose_name="国民健康保険（喪失年月日）")),
                ("late_elderly_qualified", models.BooleanField(null=True, verbose_name="後期高齢者医療（資格の有無）")),
                ("late_elderly_number", models.TextField(null=True, verbose_name="後期高齢者医療（番号）")),
                ("late_elderly_acquired_on", models.DateField(null=True, verbose_name="後期高齢者医療（取得年月日）")),
                ("late_elderly_lost_on", models.DateField(null=True, verbose_name="後期高齢者医療（喪失年月日）")),
                ("care_qualified", models.BooleanField(null=True, verbose_name="介護保険（資格の有無）")),
                ("care_number", models.TextField(null=True, verbose_name="介護保険（番号）")),
                ("care_acquired_on", models.DateField(null=True, verbose_name="介護保険（取得年月日）")),
                ("care_lost_on", models.DateField(null=True, verbose_name="介護保険（喪失年月日）")),
                ("pension_qualified", models.BooleanField(null=True, verbose_name="国民年金（該当）")),
                ("pension_number", models.TextField(null=True, verbose_name="基礎年金番号")),
                ("pension_kind", models.TextField(null=True, verbose_name="国民年金の種別")),
                ("pension_kind_on", models.DateField(null=True, verbose_name="国民年金の種別変更年月日")),
                ("pension_acquired_on", models.DateField(null=True, verbose_name="国民年金（取得年月日）")),
                ("pension_lost_on", models.DateField(null=True, verbose_name="国民年金（喪失年月日）")),
                ("child_allowance_from", models.TextField(null=True, verbose_name="児童手当の支給開始年月")),
                ("child_allowance_to", models.TextField(null=True, verbose_name="児童手当の支給終了年月")),
                ("on_electoral_roll", models.BooleanField(null=True, verbose_name="選挙人名簿への登録")),
                ("remark", models.TextField(null=True, verbose_name="備考")),
                ("remark_on", models.DateField(null=True, verbose_name="備考の年月日")),
                ("remark_printed", models.BooleanField(null=True, verbose_name="備考の印字")),
                ("adult_ward", models.BooleanField(null=True, verbose_name="成年被後見人")),
                ("mail_code", models.TextField(null=True, verbose_name="郵便物送付コード")),
                ("issue_prohibited", models.BooleanField(null=True, verbose_name="発行禁止")),
                ("processing_stopped_on", models.DateField(null=True, verbose_name="処理停止日")),
            ],
            options={
                "db_table": "residents_version",
                "indexes": [
                    models.Index(
                        django.contrib.postgres.indexes.OpClass(models.F("resident_code"), "text_pattern_ops"),
                        name="residents_version_code",
                    ),
                    models.Index(
                        condition=models.Q(("individual_number__isnull", False)),
                        fields=["individual_number"],
                        name="residents_version_number_id",
                    ),
                    models.Index(
                        django.contrib.postgres.indexes.OpClass(models.F("residence_card"), "text_pattern_ops"),
                        condition=models.Q(("residence_card__isnull", False)),
                        name="residents_version_card",
                    ),
                ],
            },
        ),
    ]
