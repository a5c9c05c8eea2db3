#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036  # said in a sentence, before anything that an old Python cannot read
        sys.exit("Python 3.11 or newer is needed; this is %d.%d." % sys.version_info[:2])  # noqa: UP031
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "summarizer.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:  # a setting: whoever wrote it needs the sentence, not a traceback
        sys.exit(str(error))


if __name__ == "__main__":
    main()
