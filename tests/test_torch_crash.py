"""Promise 2, for real: a training process that is killed ten times ends where it would have."""

import json
import subprocess
import sys
import textwrap

STEPS = 600
KILLS = 10

# One interpreter imports torch once and forks a process for every run.
SCRIPT = textwrap.dedent(
    """
    import json, os, random, signal, sys, time
    import torch, csched, csched.torch

    STEPS, KILLS = int(sys.argv[2]), int(sys.argv[3])

    def train(folder, started):
        path = os.path.join(folder, "checkpoint.pt")
        torch.manual_seed(0)
        model = torch.nn.Linear(4, 4)
        groups = [{"params": [p], "name": n} for n, p in model.named_parameters()]
        optimizer = torch.optim.AdamW(groups, lr=1.0)
        schedule = csched.one_cycle(0.05, STEPS)
        scheduler = csched.torch.Scheduler(optimizer, schedule, scale={"bias": 2.0})
        if os.path.exists(path):
            saved = torch.load(path, weights_only=True)
            model.load_state_dict(saved["model"])
            optimizer.load_state_dict(saved["optimizer"])
            scheduler.load_state_dict(saved["scheduler"])
        log = open(os.path.join(folder, "log"), "a")
        os.write(started, b"!")
        while scheduler.position < STEPS:
            t = scheduler.position
            x = torch.sin(torch.arange(32.0).reshape(8, 4) * (t + 1))
            optimizer.zero_grad()
            (model(x) - x.flip(1)).square().mean().backward()
            row = [[g["lr"].hex(), g["betas"][0].hex()] for g in optimizer.param_groups]
            log.write(json.dumps([t, row]) + "\\n"); log.flush()
            optimizer.step()
            scheduler.step()
            if scheduler.position % 7 == 0 or scheduler.position == STEPS:
                state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(),
                         "scheduler": scheduler.state_dict()}
                torch.save(state, path + ".new")
                os.replace(path + ".new", path)
        params = [p.detach().double().flatten().tolist() for p in model.parameters()]
        with open(os.path.join(folder, "end"), "w") as f:
            json.dump([[x.hex() for x in p] for p in params], f)

    def run(name, alive=None):
        folder = os.path.join(sys.argv[1], name)
        os.makedirs(folder, exist_ok=True)
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            train(folder, write)
            os._exit(0)
        os.read(read, 1)
        if alive is not None:
            time.sleep(alive)
            os.kill(pid, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    warm = torch.optim.AdamW([torch.zeros(1, requires_grad=True)])  # imports what children need
    warm.param_groups[0]["params"][0].grad = torch.ones(1)
    warm.step()
    moments = random.Random(0)
    codes = [run("killed", moments.uniform(0.0, 0.04)) for _ in range(KILLS)]
    print(json.dumps([codes, run("killed"), run("straight")]))
    """
)


def test_ten_kills_leave_no_trace(tmp_path):
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), str(STEPS), str(KILLS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[-9] * KILLS, 0, 0], done.stderr
    killed, straight = tmp_path / "killed", tmp_path / "straight"
    assert (killed / "end").read_text() == (straight / "end").read_text()
    values = dict(map(json.loads, (straight / "log").read_text().splitlines()))
    assert list(values) == list(range(STEPS))
    rows = [json.loads(line) for line in (killed / "log").read_text().splitlines()]
    assert all(values[t] == row for t, row in rows)
    assert {t for t, _ in rows} == set(range(STEPS))
    assert len(rows) > STEPS  # some updates were made again
