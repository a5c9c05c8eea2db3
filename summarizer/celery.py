"""The Celery app. Imported by the tasks, and by `celery -A summarizer.celery`."""

import os

from celery import Celery

from summarizer import doorbells

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "summarizer.settings")

doorbells.install()
app = Celery("summarizer")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
