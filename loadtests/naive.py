"""The handler one writes first: FastAPI, a pydantic body, an async ORM session per request."""

import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped

from loadtests.listen import serve
from loadtests.webhooks import SECRET
from orbion.adapters.db import schema, schema_leads
from orbion.adapters.db.migrate import migrate_sqlite
from orbion.kit.ids import digest

BUSINESS = "sol"
QUIET_MS = 30_000


class Tables(DeclarativeBase):
    metadata = schema.METADATA


class Business(Tables):
    __table__ = schema.BUSINESS


class Account(Tables):
    __table__ = schema.ACCOUNT


class Dedup(Tables):
    __table__ = schema.DEDUP


class Alias(Tables):
    __table__ = schema.CONTACT_ALIAS
    contact_id: Mapped[int]


class Contact(Tables):
    __table__ = schema.CONTACT
    id: Mapped[int]


class Lead(Tables):
    __table__ = schema_leads.LEAD


class Conversation(Tables):
    __table__ = schema.CONVERSATION
    id: Mapped[int]
    last_seq: Mapped[int]
    version: Mapped[int]
    last_in_at: Mapped[int | None]


class Message(Tables):
    __table__ = schema.MESSAGE
    id: Mapped[int]


class Lane(Tables):
    __table__ = schema.LANE
    seq: Mapped[int]
    due_at: Mapped[int | None]


class Task(Tables):
    __table__ = schema.TASK


class Key(BaseModel):
    id: str
    remoteJid: str  # noqa: N815 Evolution's spelling
    remoteJidAlt: str | None = None  # noqa: N815
    fromMe: bool  # noqa: N815


class Data(BaseModel):
    key: Key
    pushName: str | None = None  # noqa: N815
    message: dict[str, Any]
    messageType: str  # noqa: N815
    messageTimestamp: int  # noqa: N815


class Webhook(BaseModel):
    event: str
    instance: str
    data: Data


def build(path: Path) -> FastAPI:
    migrate_sqlite(path)
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}")
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    @event.listens_for(engine.sync_engine, "connect")
    def durable(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=60000"):
            connection.execute(f"PRAGMA {pragma}")

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        async with sessions() as session:
            session.add(Business(id=BUSINESS, name=BUSINESS))
            await session.flush()
            session.add(Account(id="loja", business=BUSINESS, channel="evolution", state="open"))
            await session.commit()
        yield
        await engine.dispose()

    async def session() -> AsyncGenerator[AsyncSession]:
        async with sessions() as opened:
            yield opened

    app = FastAPI(lifespan=lifespan)

    @app.get("/health/ready")
    async def ready() -> dict[str, bool]:
        return {"ready": True}

    @app.post("/webhooks/evolution/{account}")
    async def take(
        account: str,
        webhook: Webhook,
        session: Annotated[AsyncSession, Depends(session)],
        authorization: Annotated[str, Header()] = "",
    ) -> dict[str, bool]:
        if authorization != f"Bearer {SECRET}":
            raise HTTPException(401)
        is_new = await store(session, account, webhook.data)
        await session.commit()
        return {"success": True, "duplicate": not is_new}

    return app


async def store(session: AsyncSession, account: str, data: Data) -> bool:
    """Write what the product writes for a message: the same rows in the same tables."""
    now = int(time.time() * 1000)
    key = digest(account, "message", data.key.id, "them")
    if await session.get(Dedup, key) is not None:
        return False
    session.add(Dedup(id=key, at=now))
    contact_id = await _contact(session, data, now)
    conversation = await _conversation(session, account, contact_id, data.key.remoteJid)
    conversation.last_seq += 1
    conversation.version += 1
    conversation.last_in_at = now
    message = _message(account, conversation, data, now)
    session.add(message)
    await session.flush()
    await _enqueue(session, str(conversation.id), message.id, now)
    return True


async def _contact(session: AsyncSession, data: Data, now: int) -> int:
    phone = data.key.remoteJid.partition("@")[0]
    known = await session.get(Alias, (BUSINESS, "phone", phone))
    if known is not None:
        return int(known.contact_id)
    contact = Contact(business=BUSINESS, phone=f"+{phone}", name=data.pushName, created_at=now)
    session.add(contact)
    await session.flush()
    session.add(Lead(business=BUSINESS, contact_id=contact.id, created_at=now, updated_at=now))
    for kind, value in (("phone", phone), ("lid", data.key.remoteJidAlt)):
        session.add(Alias(business=BUSINESS, kind=kind, value=value, contact_id=contact.id))
    return int(contact.id)


async def _conversation(
    session: AsyncSession, account: str, contact_id: int, address: str
) -> Conversation:
    found = await session.scalar(
        select(Conversation).where(
            schema.CONVERSATION.c.contact_id == contact_id,
            schema.CONVERSATION.c.account == account,
            schema.CONVERSATION.c.business == BUSINESS,
        )
    )
    if found is not None:
        return found
    made = Conversation(
        business=BUSINESS,
        account=account,
        contact_id=contact_id,
        address=address,
        last_seq=0,
        version=0,
    )
    session.add(made)
    await session.flush()
    return made


def _message(account: str, conversation: Conversation, data: Data, now: int) -> Message:
    return Message(
        business=BUSINESS,
        account=account,
        conversation_id=conversation.id,
        seq=conversation.last_seq,
        direction="in",
        author="customer",
        kind="text",
        text=data.message.get("conversation", ""),
        provider_id=data.key.id,
        outcome="open",
        occurred_at=data.messageTimestamp * 1000,
        created_at=now,
    )


async def _enqueue(session: AsyncSession, key: str, message_id: int, now: int) -> None:
    lane = await session.get(Lane, ("in", key))
    if lane is None:
        lane = Lane(queue="in", key=key, priority=1, seq=0, first_at=now)
        session.add(lane)
    lane.seq += 1
    lane.due_at = now + QUIET_MS
    await session.flush()
    payload = f'{{"message":{message_id}}}'
    session.add(
        Task(
            queue="in",
            key=key,
            seq=lane.seq,
            kind="message",
            payload=payload,
            trace=f"{message_id:032x}",
            created_at=now,
        )
    )


if __name__ == "__main__":
    serve(build(Path(sys.argv[2])))
