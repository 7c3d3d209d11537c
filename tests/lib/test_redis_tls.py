"""Redis behind TLS: what the URL asks of the other side holds for every connection."""

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from livechat.lib.pipe import Pipe
from livechat.lib.pubsub import Subscriber
from livechat.lib.redis import RedisAway
from livechat.supervise.redis_server import redis_password, redis_socket
from tests.lib.conftest import PrivateRedis
from tests.lib.test_pubsub import until


@dataclass
class Secure:
    """A Redis behind TLS: its port, and the file with who signed for it."""

    port: int
    password: str
    signer: Path

    def url(self, query: str = "") -> str:
        """Where it is."""
        return f"rediss://:{self.password}@127.0.0.1:{self.port}/?{query}"


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "redis of a test")])
    now, here = datetime.now(UTC), ipaddress.ip_address("127.0.0.1")
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(here)]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "cert.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


@pytest.fixture
async def secure(redis_server: PrivateRedis, tmp_path: Path) -> AsyncIterator[Secure]:
    """The Redis of these tests behind TLS, on a port of loopback."""
    signer, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signer, key)
    path = str(redis_socket(redis_server.var))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind = await asyncio.open_unix_connection(path)
        await asyncio.gather(_copy(reader, behind), _copy(behind_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    yield Secure(port, redis_password(redis_server.var), signer)
    server.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.CancelledError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def reached(url: str) -> bool:
    """Whether a pipe comes through."""
    pipe = Pipe(url)
    try:
        return await pipe.run([("PING",)]) == [b"PONG"]
    except RedisAway:
        return False
    finally:
        await pipe.aclose()


async def test_a_signer_that_the_url_names_is_trusted(secure: Secure) -> None:
    assert await reached(secure.url(f"ssl_ca_certs={secure.signer}"))


async def test_a_signer_that_nobody_knows_is_not_trusted(secure: Secure) -> None:
    assert not await reached(secure.url())


async def test_a_url_may_ask_for_no_proof(secure: Secure) -> None:
    query = "ssl_cert_reqs=none&ssl_check_hostname=false"
    assert await reached(secure.url(query))


async def test_a_file_that_is_not_there_is_a_redis_that_is_away(
    secure: Secure, tmp_path: Path
) -> None:
    assert not await reached(secure.url(f"ssl_ca_certs={tmp_path / 'none.pem'}"))


async def test_the_subscriber_trusts_whom_the_url_names(secure: Secure) -> None:
    subscriber = Subscriber(secure.url(f"ssl_ca_certs={secure.signer}"), lambda _: None)
    subscriber.start()
    try:
        await until(lambda: subscriber.connected)
        assert await subscriber.subscribe("room:lounge")
    finally:
        await subscriber.stop()
