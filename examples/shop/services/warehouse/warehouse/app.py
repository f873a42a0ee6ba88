"""What lies on which shelf, and which parcel has left."""

import os
import urllib.request

import psycopg
from confluent_kafka import Producer
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
producer = Producer({"bootstrap.servers": os.environ["KAFKA_BROKERS"]})
parcels_topic = os.environ.get("PARCELS_TOPIC", "parcels.sent")


class Reservation(BaseModel):
    order: str
    lines: list[dict]


def database() -> psycopg.Connection:
    return psycopg.connect(os.environ["DATABASE_URL"])


@app.post("/reservations", status_code=201)
def reserve(reservation: Reservation) -> dict:
    with database() as connection:
        for line in reservation.lines:
            connection.execute(
                "UPDATE shelf SET free = free - %s WHERE tea = %s", (line["count"], line["tea"])
            )
    return {"order": reservation.order}


@app.post("/parcels/{order}", status_code=202)
def sent(order: str) -> dict:
    producer.produce(parcels_topic, key=order, value=b"sent")
    producer.flush(2)
    return {"order": order}


def count_stock() -> None:
    """Run once a night: the old stock book still wants its numbers."""
    with database() as connection:
        rows = connection.execute("SELECT tea, free FROM shelf ORDER BY tea").fetchall()
    body = "\n".join(f"{tea};{free}" for tea, free in rows).encode()
    urllib.request.urlopen(os.environ["LEGACY_STOCK_URL"] + "/import", body, timeout=30).close()
