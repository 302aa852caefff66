"""scripts/check-layers finds each fault it is there for, and nothing in a clean tree."""
import pathlib
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "check-layers"

CASES = [
    ("core/a.cpp", '#include "chat/usage.h"\n', "core may not include chat"),
    ("chat/a.cpp", '#include "stream/sse.h"\n', "chat may not include stream"),
    ("dialects/a.cpp", '#include "gateway/route.h"\n', "dialects may not include gateway"),
    ("gateway/a.cpp", "#include <ngx_http.h>\n", "only src/nginx may include ngx_http.h"),
    ("core/a.cpp", "#include <ranges>\n", "<ranges> is not for this tree"),
    ("core/a.cpp", "#include <mutex>\n", "<mutex> is not for this tree"),
    ("core/a.cpp", '#include "usage.h"\n', 'is not a "layer/file.h"'),
    ("core/a.cpp", "auto t = std::chrono::steady_clock::now();\n", "in the library"),
    ("nginx/a.cpp", "void f() {\n    if (x)\n        ngx_queue_remove(q);\n}\n", "ngx_queue_remove without braces"),
    ("nginx/a.cpp", "void f() {\n    if (x) { } else ngx_str_null(&s);\n}\n", "ngx_str_null without braces"),
    ("core/a.cpp", "void f() {\n" + "    g();\n" * 60 + "}\n", "a function of 62 lines"),
    ("core/a.cpp", "// line\n" * 401, "401 lines"),
    ("core/deep/a.cpp", "", "the tree is src/<layer>"),
    ("other/a.cpp", "", "the tree is src/<layer>"),
]

CLEAN = [
    ("gateway/a.cpp", '#include <string>\n#include "chat/usage.h"\n#include "stream/sse.h"\n'),
    ("core/a.cpp", "// std::chrono::steady_clock::now() is a comment\nauto s = \"getenv(\";\nint n = 1'000;\n"),
    ("nginx/a.cpp", "#include <ngx_http.h>\nvoid f() {\n    if (x) {\n        ngx_queue_remove(q);\n    }\n}\n"),
    ("core/a.cpp", "void f() {\n" + "    g();\n" * 58 + "}\n"),
    ("core/a.cpp", "// line\n" * 400),
]


def run(tmp_path, name, text):
    for known in ("chat/usage.h", "stream/sse.h", "gateway/route.h", "nginx/ngx.h"):
        (tmp_path / "src" / known).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "src" / known).write_text("#pragma once\n")
    (tmp_path / "t").mkdir()
    path = tmp_path / "src" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return subprocess.run([SCRIPT, tmp_path], capture_output=True, text=True)


@pytest.mark.parametrize("name, text, finding", CASES)
def test_finds(tmp_path, name, text, finding):
    done = run(tmp_path, name, text)
    assert done.returncode == 1
    assert finding in done.stdout
    assert "1 findings" in done.stdout


@pytest.mark.parametrize("name, text", CLEAN)
def test_clean(tmp_path, name, text):
    done = run(tmp_path, name, text)
    assert done.stdout == "check-layers: clean\n"
    assert done.returncode == 0
