"""What runs Orbion in containers has no root, no writes, no secret, and ports that are true."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from orbion.config import Settings
from orbion.web.app import create_app
from scripts.documents import route_docs
from tests.support.alerts import DASHBOARDS, program, run
from tests.support.monitoring import alertmanager_config
from tests.support.source import ROOT

DOCKER = ROOT / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text()
K8S = DOCKER / "k8s"
PINNED = re.compile(r"[\w./-]+:v?\d[\w.-]*\Z")
SECRET = re.compile(r"KEY|SECRET|PASSWORD|TOKEN|URI\b|DATABASE_URL")
VARIABLE = re.compile(r"\$\{[A-Z_]+:\?[^}]+\}")
BUILD_TOOLS = ("gcc", "build-essential", "apt-get", "pip install", "git ", "curl", "wget")


def resources() -> Iterator[Mapping[str, Any]]:
    for path in sorted((K8S / "sqlite").glob("*.yaml")):
        yield from (each for each in yaml.safe_load_all(path.read_text()) if "kind" in each)


def resource(kind: str) -> Mapping[str, Any]:
    return next(each for each in resources() if each["kind"] == kind)


def pod() -> Mapping[str, Any]:
    spec: Mapping[str, Any] = resource("Deployment")["spec"]["template"]["spec"]
    return spec


def services() -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = yaml.safe_load((DOCKER / "compose.yaml").read_text())[
        "services"
    ]
    return found


def paths() -> set[str]:
    return {route.path for route in route_docs(create_app(_never, new_trace=str).routes)}


def _never() -> Any:
    raise NotImplementedError


def test_the_image_is_built_in_one_stage_and_runs_in_another_without_tools_or_root() -> None:
    build, final = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    assert build.splitlines()[0].endswith(" AS build")
    assert PINNED.match(final.splitlines()[0])
    assert not [tool for tool in BUILD_TOOLS if tool in final]
    user = re.findall(r"^USER (\d+)$", final, re.MULTILINE)
    assert user == [str(pod()["securityContext"]["runAsUser"])]
    assert "--require-hashes" in build
    assert "HEALTHCHECK" in final
    assert 'CMD ["orbion", "serve"]' in final


def test_a_pod_has_no_root_no_writes_and_no_rights() -> None:
    (container,) = pod()["containers"]
    assert pod()["securityContext"]["runAsNonRoot"] is True
    assert pod()["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod()["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    writable = {each["mountPath"] for each in container["volumeMounts"] if not each.get("readOnly")}
    assert writable == {"/app/data", "/tmp"}  # noqa: S108 a mount of its own
    assert container["resources"]["limits"]["memory"]


def test_probes_and_scrapes_ask_for_routes_and_ports_that_exist() -> None:
    (container,) = pod()["containers"]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = container[probe]["httpGet"]
        assert asked["path"] in paths()
        assert asked["port"] in ports
    (endpoint,) = resource("ServiceMonitor")["spec"]["endpoints"]
    assert endpoint["path"] in paths()
    (offered,) = resource("Service")["spec"]["ports"]
    assert offered["name"] == endpoint["port"]
    assert offered["targetPort"] in ports
    (exposed,) = re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE)
    assert f"ORBION_PORT={exposed}" in DOCKERFILE
    assert ports == {"http": int(exposed)}
    (health,) = re.findall(r"http://127\.0\.0\.1:(\d+)(/[\w/]+)", DOCKERFILE)
    assert health[0] == exposed
    assert health[1] in paths()
    assert services()["orbion"]["ports"] == [f"127.0.0.1:{exposed}:{exposed}"]
    scraped = yaml.safe_load((DOCKER / "prometheus" / "prometheus.yml").read_text())
    assert scraped["scrape_configs"][0]["static_configs"] == [{"targets": [f"orbion:{exposed}"]}]


def test_on_sqlite_there_is_one_process_which_leaves_the_service_before_it_stops() -> None:
    deployment = resource("Deployment")["spec"]
    (container,) = pod()["containers"]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})
    assert resource("PersistentVolumeClaim")["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert container["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "5"]
    grace = Settings.model_fields["grace"].default
    assert pod()["terminationGracePeriodSeconds"] > 5 + grace
    assert "HorizontalPodAutoscaler" not in {each["kind"] for each in resources()}


def test_labels_lead_from_service_policy_and_monitor_to_the_pod() -> None:
    labels = resource("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert resource("Service")["spec"]["selector"] == labels
    assert resource("NetworkPolicy")["spec"]["podSelector"] == {"matchLabels": labels}
    assert resource("NetworkPolicy")["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert resource("ServiceMonitor")["spec"]["selector"] == {"matchLabels": labels}
    assert resource("Service")["metadata"]["labels"]["app"] == "orbion"  # the job of the rules


def test_kustomizations_name_every_file_beside_them() -> None:
    for folder in (K8S / "sqlite", K8S / "postgres"):
        given = yaml.safe_load((folder / "kustomization.yaml").read_text())
        named = {*given["resources"], *(each["path"] for each in given.get("patches", ()))}
        files = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
        assert named - {"../sqlite"} == files


def test_images_are_pinned_and_no_secret_is_written_down() -> None:
    (container,) = pod()["containers"]
    for image in (container["image"], *(each["image"] for each in services().values())):
        assert PINNED.match(image), image
    for each in services().values():
        for name, value in each.get("environment", {}).items():
            if (
                SECRET.search(name)
                and not name.endswith("_FILE")
                and value not in {"true", "false"}
            ):
                assert VARIABLE.search(value), name
    for given in container["env"]:
        assert not SECRET.search(given["name"]) or given["name"].endswith("_FILE"), given
    for path in DOCKER.rglob("*.y*ml"):
        assert not re.search(r"://[^/\s:@$]+:[^@\s$]+@", path.read_text()), path


def test_settings_of_the_containers_exist() -> None:
    (container,) = pod()["containers"]
    named = {*services()["orbion"]["environment"], *(each["name"] for each in container["env"])}
    named |= set(re.findall(r"ORBION_\w+", DOCKERFILE))
    assert {name.removeprefix("ORBION_").lower() for name in named} <= set(Settings.model_fields)


def test_each_container_of_ours_is_hardened_and_what_it_mounts_lies_here() -> None:
    for name in ("orbion", "prometheus", "alertmanager", "grafana"):
        given = services()[name]
        assert given["read_only"] is True
        assert given["cap_drop"] == ["ALL"]
        assert given["security_opt"] == ["no-new-privileges:true"]
        assert int(given["user"].split(":")[0]) > 0
        for mount in given["volumes"]:
            if mount.startswith("./"):
                assert (DOCKER / mount.split(":")[0]).exists(), mount
                assert mount.endswith(":ro")


def test_dashboards_have_a_uid_of_their_own_and_find_their_data() -> None:
    boards = [json.loads(path.read_text()) for path in DASHBOARDS]
    assert len({board["uid"] for board in boards}) == len(boards) == 3
    (source,) = yaml.safe_load((DOCKER / "grafana" / "datasource.yaml").read_text())["datasources"]
    for board in boards:
        ids = [panel["id"] for panel in board["panels"]]
        assert len(set(ids)) == len(ids)
        for panel in board["panels"]:
            if panel["type"] != "row":
                assert panel["datasource"]["uid"] == source["uid"]


def test_amtool_accepts_the_routes(tmp_path: Path) -> None:
    config = tmp_path / "alertmanager.yml"
    config.write_text(yaml.safe_dump(alertmanager_config("http://127.0.0.1:9")))
    done = run(program("amtool"), "check-config", config)
    assert done.returncode == 0, done.stderr


def steps(prefix: str) -> list[str]:
    """Read a build step of the Dockerfile, with its lines joined."""
    joined = DOCKERFILE.replace("\\\n", " ")
    return [line.removeprefix("RUN ") for line in joined.splitlines() if prefix in line]


@pytest.mark.timeout(180)
def test_the_steps_of_the_image_make_a_program_that_starts(tmp_path: Path) -> None:
    """As in the build stage; what the locks install is borrowed from this environment."""
    (install,) = steps("--no-build-isolation .")
    source, home = tmp_path / "build", tmp_path / "orbion"
    source.mkdir()
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE):
        for name in copied.split():
            if name not in {"requirements-build.lock", "requirements.lock"}:
                subprocess.run(["/bin/cp", "-r", ROOT / name, source], check=True)  # noqa: S603
    subprocess.run([sys.executable, "-m", "venv", home], check=True)  # noqa: S603
    (packages,) = home.glob("lib/python*/site-packages")
    borrowed = [path for path in map(Path, sys.path) if path.name == "site-packages"]
    (packages / "borrowed.pth").write_text("\n".join(map(str, borrowed)))
    command = install.replace("/opt/orbion", str(home)).split()
    clean = {"PATH": f"{home}/bin:{os.environ['PATH']}", "HOME": str(tmp_path)}
    built = subprocess.run(  # noqa: S603 the image's own step
        [*command[:-1], "--no-index", "--force-reinstall", command[-1]],
        cwd=source,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    asked = subprocess.run(  # noqa: S603 the program that was just made
        [home / "bin" / "orbion", "--help"],
        cwd=tmp_path,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "serve" in asked.stdout, asked.stderr
    where = subprocess.run(  # noqa: S603 the same
        [home / "bin" / "python", "-c", "import orbion; print(orbion.__file__)"],
        cwd=tmp_path,
        env=clean,
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.startswith(str(home))
    assert (packages / "orbion" / "migrations").is_dir()
