"""The command `datapipe`: its subcommands, and errors as sentences with their exit codes."""

from __future__ import annotations

import sys

import click

from datapipe import __version__
from datapipe.cli.audit_pii import audit_pii
from datapipe.cli.calibrate import calibrate
from datapipe.cli.check import check
from datapipe.cli.ops import ops
from datapipe.cli.report import report
from datapipe.cli.run import run
from datapipe.cli.schedule import schedule
from datapipe.cli.submit import submit
from datapipe.cli.tokenizer_report import tokenizer_report
from datapipe.cli.train import train
from datapipe.cli.tune import tune
from datapipe.cli.verify import verify
from datapipe.cli.why import why
from datapipe.core.errors import DatapipeError


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="A first run: datapipe run pipelines/pretrain.yaml, then datapipe report out/pretrain",
)
@click.version_option(__version__, prog_name="datapipe")
def datapipe() -> None:
    """From raw documents to a pretraining corpus: a recipe in, sharded Parquet out, every dropped document explained."""


for command in (run, submit, check, schedule, report, why, tune, calibrate, train, tokenizer_report, audit_pii, ops, verify):
    datapipe.add_command(command)


def main() -> None:
    """Run the command line; a DatapipeError is printed as it is, with its exit code."""
    try:
        datapipe.main(standalone_mode=False)
    except DatapipeError as error:
        click.echo(f"datapipe: {error}" if "\n" not in str(error) else f"datapipe:\n{error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("datapipe: stopped", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(1)
    except (
        OSError
    ) as error:  # a full disk, a read-only folder, a damaged file (pyarrow's errors are OSErrors or ValueErrors)
        click.echo(f"datapipe: {error}", err=True)
        sys.exit(1)
    except ValueError as error:
        if not type(error).__module__.startswith("pyarrow"):
            raise
        click.echo(f"datapipe: {error}", err=True)
        sys.exit(1)
