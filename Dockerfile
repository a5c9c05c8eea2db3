FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1
RUN useradd --create-home --uid 1000 app
WORKDIR /app

COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .

# Static files belong to the image; what an installation keeps for itself, to a folder that its user may write.
ENV STATIC_ROOT=/app/staticfiles VAR_DIR=/var/lib/summarizer
RUN mkdir "$VAR_DIR" && chown app "$VAR_DIR" \
    && VAR_DIR=/tmp/build python manage.py collectstatic --noinput --ignore redoc && rm -r /tmp/build
USER app

ENV DEBUG=0
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["uvicorn", "summarizer.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--lifespan", "off", \
     "--ws-ping-interval", "20", "--ws-ping-timeout", "20", "--timeout-graceful-shutdown", "10", \
     "--no-proxy-headers", "--no-server-header", "--no-access-log", "--log-level", "warning"]
