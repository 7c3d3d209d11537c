"""The smallest Django that signs a socket in; it guards what the baseline may use.

Everything is as the Channels tutorial leaves it, but for the pub/sub channel layer,
which is the faster of the two that channels_redis offers.
"""

import os

SECRET_KEY = os.environ["STOCK_SECRET_KEY"]
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "channels",
    "bench.stock",
]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "bench.stock.asgi"
ASGI_APPLICATION = "bench.stock.asgi.application"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["STOCK_DATABASE"],
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [os.environ.get("STOCK_REDIS_URL", "redis://127.0.0.1")]},
    }
}
