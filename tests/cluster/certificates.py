"""Certificates for tests, made by openssl."""

import os
import ssl
import subprocess


class Authority:
    """A certificate authority in a folder of its own."""

    def __init__(self, folder, name="ca"):
        self.folder = folder
        self.ca = os.path.join(folder, f"{name}.crt")
        self._key = os.path.join(folder, f"{name}.key")
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                      "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", self._key,
                      "-out", self.ca)

    def issue(self, name, common_name, subject=None):
        """(certificate file, key file) for 127.0.0.1 and localhost; `name` is that of the files."""
        certificate, key, request, extensions = (
            os.path.join(self.folder, f"{name}.{end}") for end in ("crt", "key", "csr", "ext"))
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                      "-subj", subject or f"/CN={common_name}", "-keyout", key, "-out", request)
        with open(extensions, "w") as file:
            file.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        self._openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self._key,
                      "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", certificate)
        return certificate, key

    def context(self, certificate=None, key=None):
        """For a client that trusts this authority."""
        context = ssl.create_default_context(cafile=self.ca)
        if certificate is not None:
            context.load_cert_chain(certificate, key)
        return context

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)
