"""Guesses which tea comes next: whoever drinks one kind is shown its neighbours on the shelf."""

import json
import os
import urllib.request

from flask import Flask, jsonify
from mixpanel import Mixpanel

app = Flask(__name__)
tracker = Mixpanel(os.environ["MIXPANEL_TOKEN"])
catalogue = os.environ["CATALOGUE_URL"]


@app.get("/for/<visitor>")
def recommend(visitor: str):
    with urllib.request.urlopen(f"{catalogue}/teas", timeout=2) as answer:
        teas = json.load(answer)
    start = sum(visitor.encode()) % max(len(teas), 1)
    tracker.track(visitor, "recommended", {"count": min(len(teas), 3)})
    return jsonify(teas[start : start + 3])
