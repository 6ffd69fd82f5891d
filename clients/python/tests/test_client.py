"""Against a real server: FLUXVISION_URL, FLUXVISION_TOKEN (live view of FLUXVISION_CAMERA, 60 requests a minute)."""

import inspect
import os
import sys
import tempfile
import threading
import typing
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fluxvision import ApiError, Client, ConnectionFailed  # noqa: E402
from fluxvision import _generated as generated  # noqa: E402

URL = os.environ["FLUXVISION_URL"]
TOKEN = os.environ["FLUXVISION_TOKEN"]
CAMERA = os.environ["FLUXVISION_CAMERA"]


class Elsewhere(BaseHTTPRequestHandler):
    """Redirects, and ends a download early."""

    seen: typing.ClassVar[list] = []

    def do_GET(self):
        Elsewhere.seen.append(self.path)
        if self.path.endswith("/download"):
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"half")
            return
        self.send_response(302)
        self.send_header("Location", "/stolen")
        self.end_headers()

    def log_message(self, *_):
        pass


class Generated(unittest.TestCase):
    def test_every_type_exists(self):
        methods = [one for name, one in vars(generated.Operations).items() if not name.startswith("_")]
        self.assertGreater(len(methods), 100)
        for method in methods:
            self.assertIn("return", typing.get_type_hints(method, vars(generated)), method.__name__)
            self.assertTrue(inspect.getdoc(method))
        for name, value in vars(generated).items():
            if typing.is_typeddict(value) if hasattr(typing, "is_typeddict") else isinstance(value, type(generated.Camera)):
                self.assertTrue(typing.get_type_hints(value, vars(generated)), name)

    def test_what_may_be_left_out_is_optional(self):
        self.assertEqual(generated.CreateTokenRequest.__required_keys__, {"name", "permissions", "days"})
        self.assertIn("networks", generated.CreateTokenRequest.__optional_keys__)


class Served(unittest.TestCase):
    def setUp(self):
        self.client = Client(URL, TOKEN, retries=0)

    def refused(self, call, status, code):
        with self.assertRaises(ApiError) as caught:
            call()
        self.assertEqual((caught.exception.status, caught.exception.code), (status, code))
        self.assertNotIn(TOKEN, f"{caught.exception!r}")
        return caught.exception

    def test_reads_what_the_token_may_see(self):
        self.assertEqual([camera["id"] for camera in self.client.get_cameras()], [CAMERA])
        self.assertEqual(self.client.get_cameras_by_id(CAMERA)["name"], "Lobby entrance")
        self.assertEqual(self.client.get_health()["status"], "ok")

    def test_refusals_are_exceptions(self):
        self.refused(lambda: self.client.post_cameras({"name": "x", "url": "rtsp://192.0.2.1/"}), 403, "auth.forbidden")
        self.refused(lambda: self.client.get_tokens(), 403, "auth.forbidden")
        # Stays one part of the address.
        self.refused(lambda: self.client.get_cameras_by_id("../users"), 404, "camera.not_found")
        mark = {"cameraId": CAMERA, "startMicros": 2, "endMicros": 3, "title": "x" * 5000}
        bad = self.refused(lambda: self.client.post_bookmarks(mark), 400, "request.invalid")
        self.assertEqual(bad.details[0]["field"], "title")
        self.assertTrue(bad.request_id)
        unknown = Client(URL, "fvt_" + "A" * 43, retries=0)
        self.refused(unknown.get_cameras, 401, "auth.invalid_token")

    def test_too_many_requests_say_when_to_come_back(self):
        with self.assertRaises(ApiError) as caught:
            for _ in range(70):
                self.client.get_cameras()
        self.assertEqual(caught.exception.status, 429)
        self.assertGreaterEqual(caught.exception.retry_after, 1)
        # And that is when it works again.
        self.assertEqual(len(Client(URL, TOKEN).get_cameras()), 1)


class Careful(unittest.TestCase):
    def setUp(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.client = Client(f"http://127.0.0.1:{self.server.server_port}", TOKEN)
        Elsewhere.seen.clear()

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()

    def test_the_token_follows_no_redirect(self):
        with self.assertRaises(ApiError) as caught:
            self.client.get_cameras()
        self.assertEqual(caught.exception.status, 302)
        self.assertEqual(Elsewhere.seen, ["/api/v1/cameras"])

    def test_half_a_download_is_none(self):
        with tempfile.TemporaryDirectory() as folder, self.assertRaises(ConnectionFailed):
            self.client.download_export("1", Path(folder) / "export.zip")

    def test_addresses_that_would_leak_it_are_refused(self):
        for address in ("http://192.0.2.7:8080", "http://vms.example.com", "ftp://localhost", "https://a:b@vms.example"):
            with self.assertRaises(ValueError):
                Client(address, TOKEN)
        Client("http://[::1]:8080", TOKEN)
        self.assertNotIn(TOKEN, repr(self.client))

    def test_a_server_that_is_away_is_told_as_such(self):
        self.server.shutdown()
        self.server.server_close()
        with self.assertRaises(ConnectionFailed):
            self.client.get_cameras()
        self.setUp()


if __name__ == "__main__":
    unittest.main()
