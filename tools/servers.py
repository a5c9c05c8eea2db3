"""Makes and removes the database that the test suite needs on a PostgreSQL server, and says which servers it runs on.

python tools/servers.py create|drop postgres://postgres@127.0.0.1:5432/NAME redis://127.0.0.1:6379/9
"""

from __future__ import annotations

import sys

import psycopg
import redis
from psycopg import sql


def main(action: str, database_url: str, redis_url: str) -> None:
    """Ends with a sentence where a server cannot be reached."""
    server, _, name = database_url.rpartition("/")
    try:
        with psycopg.connect(f"{server}/postgres", autocommit=True, connect_timeout=5) as database:
            database.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            if action == "create":
                database.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
                _say(f"PostgreSQL {database.info.parameter_status('server_version')}, database {name}")
        if action == "create":
            with redis.Redis.from_url(redis_url) as client:
                _say(f"Redis {client.info('server')['redis_version']}, {redis_url}")
    except psycopg.OperationalError as error:
        sys.exit(f"PostgreSQL cannot be reached at {server}: {str(error).splitlines()[0]}")
    except redis.RedisError as error:
        sys.exit(f"Redis cannot be reached at {redis_url}: {error}")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
