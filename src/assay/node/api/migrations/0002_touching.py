"""Triggers note which leads a transaction changed, so that whoever reads the feed finds all of them."""

from django.db import migrations

_TOUCH = """
CREATE FUNCTION api_touch() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched bigint;
BEGIN
    IF TG_OP = 'DELETE' THEN
        touched := (to_jsonb(OLD) ->> TG_ARGV[0])::bigint;
    ELSE
        touched := (to_jsonb(NEW) ->> TG_ARGV[0])::bigint;
    END IF;
    IF touched IS NOT NULL THEN
        INSERT INTO api_touched (lead) VALUES (touched);
    END IF;
    RETURN NULL;
END $$;
"""
_TRIGGERS = {
    "leads_lead": ("INSERT OR UPDATE OR DELETE", "id"),
    "leads_leadspell": ("INSERT OR UPDATE", "lead_id"),
    "leads_leadevent": ("INSERT", "lead_id"),
    "leads_evidence": ("INSERT OR UPDATE OR DELETE", "lead_id"),
    "leads_note": ("INSERT OR UPDATE OR DELETE", "lead_id"),
}


def _made(table: str) -> str:
    when, column = _TRIGGERS[table]
    return f"CREATE TRIGGER api_touch AFTER {when} ON {table} FOR EACH ROW EXECUTE FUNCTION api_touch('{column}');"


class Migration(migrations.Migration):
    dependencies = [("api", "0001_initial"), ("leads", "0002_taking")]

    operations = [
        migrations.RunSQL(
            [_TOUCH, *map(_made, _TRIGGERS), "INSERT INTO api_touched (lead) SELECT id FROM leads_lead ORDER BY id"],
            [*(f"DROP TRIGGER api_touch ON {table}" for table in _TRIGGERS), "DROP FUNCTION api_touch"],
        )
    ]
