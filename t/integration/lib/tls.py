"""A certificate authority of our own, made by openssl when the tests start."""
import pathlib
import subprocess


def _openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """`ca_file` goes into ssl_trusted_certificate; cert(name) gives (certificate file, key file) for that host name."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ca_file = self.folder / "ca.crt"
        self._ca_key = self.folder / "ca.key"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 2,
                 "-subj", "/CN=test authority", "-keyout", self._ca_key, "-out", self.ca_file)

    def cert(self, name, days=2):
        certificate = self.folder / f"{name}.{days}.crt"
        key = self.folder / f"{name}.{days}.key"
        if certificate.exists():
            return certificate, key
        request = self.folder / f"{name}.csr"
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName=DNS:{name}\n")
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                 "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        _openssl("x509", "-req", "-in", request, "-CA", self.ca_file, "-CAkey", self._ca_key, "-CAcreateserial",
                 "-days", days, "-extfile", extensions, "-out", certificate)
        return certificate, key
