"""The words of the full-text search, in what the database is good at: tsvector and GIN, or FTS5.

Nothing here is known to Django's models. A later migration that rebuilds batches_searchentry on SQLite (any AlterField)
must make the trigger anew.
"""

from django.db import migrations

POSTGRESQL = (
    "ALTER TABLE batches_searchentry ADD COLUMN words tsvector NOT NULL DEFAULT ''",
    "CREATE INDEX search_entry_words ON batches_searchentry USING gin (words)",
)
SQLITE = (
    # Sets of words, no positions: detail=none halves the index. The words come folded; nothing is to be folded again.
    "CREATE VIRTUAL TABLE batches_searchwords USING fts5("
    "words, detail=none, tokenize=\"unicode61 remove_diacritics 0 categories 'L* N* M* Co' tokenchars '_'\")",
    "CREATE TRIGGER batches_searchentry_gone AFTER DELETE ON batches_searchentry "
    "BEGIN DELETE FROM batches_searchwords WHERE rowid = old.id; END",
)
SQLITE_BACK = ("DROP TRIGGER batches_searchentry_gone", "DROP TABLE batches_searchwords")
POSTGRESQL_BACK = ("ALTER TABLE batches_searchentry DROP COLUMN words",)


def forwards(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    for statement in POSTGRESQL_BACK if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("batches", "0001_initial")]

    operations = [migrations.RunPython(forwards, backwards)]
