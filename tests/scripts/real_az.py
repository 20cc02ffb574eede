"""The real Azure CLI, from its first argument to its last printed line, with two things taken away: its network, and its
login. What it would send to Microsoft Graph is answered here from a file of state, as Graph answers (facts: graph.md
section 12.3), and noted."""

import json
import os
import re
import sys
from urllib.parse import parse_qs, urlsplit

import requests
from azure.cli.core._profile import Profile

GRAPH_APP = "00000003-0000-0000-c000-000000000000"
CLIENT = "535fb089-9ff3-47b6-9bfb-4f1264799865"
PRINCIPAL = "6a1b1c0e-8d2f-4f6d-9f44-0c6f6c4f2b11"
PATH = os.environ["STAND_IN_STATE"]


def read():
    with open(PATH, encoding="utf-8") as file:
        return json.load(file)


def write(state):
    with open(PATH, "w", encoding="utf-8") as file:
        json.dump(state, file)


def error(status, code, message):
    return status, {"error": {"code": code, "message": message}}


def graph(state, method, path, query, body):
    """Status and JSON, as Graph would answer."""
    wanted = query.get("$filter", [""])[0]
    match = re.fullmatch(r"(appId|displayName) eq '((?:[^']|'')*)'", wanted)
    if wanted and not match:
        return error(400, "BadRequest", "Invalid filter clause: " + wanted)
    key, value = (match[1], match[2].replace("''", "'")) if match else (None, None)
    if path == "/v1.0/organization":
        return 200, {"value": [{"verifiedDomains": [{"name": "contoso.onmicrosoft.com"}, {"name": "contoso.com"}]}]}
    kind = path.removeprefix("/v1.0/").split("/")[0]
    if method == "GET" and path.count("/") == 2:
        return 200, {"value": [one for one in state[kind] if one[key] == value]}
    if method == "POST" and path == "/v1.0/applications":
        state["applications"].append({**body, "id": "object", "appId": CLIENT})
        return 201, state["applications"][-1]
    if method == "POST" and path == "/v1.0/servicePrincipals":
        if state["late"] > 0:
            state["late"] -= 1
            return error(400, "Request_BadRequest", "The appId does not reference a valid application object.")
        state["servicePrincipals"].append({**body, "id": PRINCIPAL})
        return 201, state["servicePrincipals"][-1]
    if path == f"/v1.0/servicePrincipals/{PRINCIPAL}/appRoleAssignments":
        if method == "GET":
            return 200, {"value": state["assignments"]}
        if state["no_consent"]:
            return error(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
        state["assignments"].append(body)
        return 201, body
    return error(404, "Request_ResourceNotFound", path)


def send(self, request, **_):
    state = read()
    url = urlsplit(request.url)
    if url.hostname != "graph.microsoft.com":
        # Its search for newer versions of itself.
        raise requests.exceptions.ConnectionError("there is no network but Graph: " + request.url)
    body = json.loads(request.body) if request.body else None
    state["requests"].append({
        "method": request.method,
        "url": request.url,
        "authorization": request.headers.get("Authorization"),
        "type": request.headers.get("Content-Type"),
        "body": body,
    })
    status, answer = graph(state, request.method, url.path, parse_qs(url.query), body)
    write(state)
    response = requests.Response()
    response.status_code = status
    response.reason = {400: "Bad Request", 403: "Forbidden", 404: "Not Found"}.get(status, "OK")
    response.url = request.url
    response.request = request
    response.headers["Content-Type"] = "application/json"
    response._content = json.dumps(answer).encode()
    return response


requests.Session.send = send
Profile.get_raw_token = lambda self, resource=None, **_: (("Bearer", "for " + resource, {}), None, None)

if __name__ == "__main__":
    from azure.cli.core import get_default_cli

    sys.exit(get_default_cli().invoke(sys.argv[1:]))
