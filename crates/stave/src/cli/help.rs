//! What stands below the help of verbs: examples, and what a user must know before the first use.

pub(super) const AFTER_HELP: &str = "\
Exit codes: 0 answered, 1 the answer is no (nothing found, no such entity), 2 an error.

Stave reads files and runs nothing that it finds in them. It sends nothing anywhere.";

pub(super) const FORGET_HELP: &str = "\
Examples:
  stave forget \"Ada Lovelock\"             what would go, and where else the name stands
  stave forget ada@example.com --yes       do it; it can't be taken back

Statements and commits stay, signed by digits. Neither a scan nor a merge brings the name back.";

pub(super) const BACKUP_HELP: &str = "\
Examples:
  stave backup /backups/stave-2026-11-24.sqlite
  stave restore /backups/stave-2026-11-24.sqlite --ledger elsewhere

The backup is a ledger of one moment, with accounts and the estate's key: keep it as safe as the ledger. A copy of the
ledger's file, made while somebody writes, is none.";

pub(super) const COMPACT_HELP: &str = "\
Examples:
  stave compact --keep 90d --dry-run       what would go
  stave compact --keep 90d

What a reader or a scanner said goes where it said something newer before that day. What holds, what people said, and what
a later reading could not read again stays. Maps of days since then stay as they are.";

pub(super) const REDACT_HELP: &str = "\
Examples:
  stave redact --find \"Ada Lovelock\"                 which claims have a text in them, with their digits
  stave redact 9d80b60b795d --why \"a customer's name\"

It can't be taken back. What a statement's header says (its scope, paths that could not be read) can't be redacted.";

pub(super) const WHY_HELP: &str = "\
Examples:
  stave why cart                           everything that is said about it
  stave why cart owner                     one type of fact
  stave why cart calls payments            one fact
  stave why cart same_as                   why its names are one piece
  stave why cart same_as basket            what speaks for these two being one";

pub(super) const SAY_HELP: &str = "\
Examples:
  stave say cart description \"What a visitor has put aside\"
  stave say cart owner team-a              who owns it; several: owner team-a team-b
  stave say cart calls payments            a relation
  stave say cart same_as basket            these two are one
  stave say component \"Billing batch\"      add an entity
  stave say cart type service              also: name, title, lifecycle, tier, kind, tag, link, endpoint, alias

Relations: calls, routes_to, stores_in, publishes_to, subscribes_to, depends_on, configured_by,
  registers_at, logs_to, monitored_by, provides_api, consumes_api, owned_by, known_by, member_of,
  part_of, built_by, deployed_by, runs_on, backed_up_by
Kinds: domain, system, component, api, resource, group, person, pipeline, environment, repository

An entity is typed as its name, its 12 digits, or one of its references.
Your word stays through every later scan. `stave undo` takes it back.";

pub(super) const DENY_HELP: &str = "\
Examples:
  stave deny cart calls payments           this relation doesn't exist
  stave deny cart same_as basket           these two are not one
  stave deny cart owner team-a             team-a doesn't own it
  stave deny cart description              there is none
  stave deny cart                          there is no such thing";

pub(super) const IMPORT_HELP: &str = "\
Formats:
  incidents and tickets: Jira (JSON, CSV), GitHub and GitLab issues, PagerDuty, Opsgenie,
    ServiceNow (JSON, CSV), Statuspage, CDEvents, any other table (CSV, XLSX)
  deployments: GitHub deployments and workflow runs, GitLab, Argo CD, CDEvents, any table
  OpenTelemetry traces (OTLP JSON, also one request a line)
  Jaeger traces and dependencies (JSON)
  CycloneDX and SPDX bills of materials (JSON)

Examples:
  stave import issues.json                     a ticket or incident for each row; again: replaced
  stave import --from helpdesk incidents.csv   an incident gets the name helpdesk/KEY
  stave import --rows incident --map \"Went wrong=title\" --map Wann=start list.csv
  stave import --from production traces.json   who called whom, as it was seen
  stave import bom.json

docs/imports.md says how each format is recognised, what is taken, and how to export it.";

pub(super) const OVERLAP_HELP: &str = "\
Examples:
  stave overlap                            the open pairs that are most alike, with reasons
  stave overlap --all                      unlikely ones and those that people have decided, too
  stave overlap confirm 0123456789ab       they do the same job
  stave overlap dismiss 0123456789ab       they don't; a later scan doesn't ask again

docs/overlap.md says how likeness is counted.";

pub(super) const NEXT_HELP: &str = "\
Examples:
  stave next                               by time lost in the last half year, if there are incidents enough
  stave next --since 90d --limit 3

docs/bottleneck.md says how the list is made.";

pub(super) const BARREL_HELP: &str = "\
Examples:
  stave barrel cart                        one piece
  stave barrel shop                        a system: each stave is that of its lowest part

docs/barrel.md has the formula of each stave.";

pub(super) const FIRES_HELP: &str = "\
Examples:
  stave fires                              the last half year
  stave fires --since 30d
  stave fires cart --since 2026-01-01      one piece, with its incidents

docs/fires.md says what counts.";

pub(super) const FLOW_HELP: &str = "\
Examples:
  stave flow                               every repository, and every piece with deployments
  stave flow cart                          one piece, with the commits and releases that count
  stave flow cart --since 90d              another period than a year
  stave flow cart --definition devlake     the same events, counted as Apache DevLake does
  stave flow cart --explain                event by event, where the two definitions differ

docs/flow.md has the definitions with their sources.";

pub(super) const WHO_HELP: &str = "\
Examples:
  stave who                                components by how few people know them; no names
  stave who --without ada@example.com      what would be orphaned if she left
  stave who cart                           whom to ask about it
  stave say cart known_by ada@example.com  history doesn't see who answers the phone

docs/knowledge.md says how knowledge is counted.";

pub(super) const HOTSPOTS_HELP: &str = "\
Examples:
  stave hotspots                           components by changes times size, and what changes together
  stave hotspots cart                      its files, and what changes together with it

docs/knowledge.md has the formulas.";

pub(super) const DOCTOR_HELP: &str = "\
Exit codes: 0 all is well, 1 something should be done, 2 something is broken.

Examples:
  stave doctor                             reads the whole ledger and computes every hash again
  stave doctor --quick                     headers only
  stave doctor --json                      for a monitor";

pub(super) const MAN_HELP: &str = "\
Examples:
  stave man | man -l -
  stave man scan > /usr/local/share/man/man1/stave-scan.1";

pub(super) const SERVE_HELP: &str = "\
Examples:
  stave serve                              for you alone, on this machine; the printed URL has the key to write
  stave serve --listen 10.0.0.5 --host stave.example.com --proxy 10.0.0.2
                                           for all with an account, behind a proxy with TLS";

pub(super) const USER_HELP: &str = "\
Examples:
  stave user add ada@example.com --name \"Ada Lovelock\" --role admin
  stave user role ada@example.com viewer
  pass show stave/ada | stave user password ada@example.com --password-stdin

With the first user, every server of this ledger asks who one is. Roles: a viewer reads, a member also speaks, an
admin also forgets and redacts.";

pub(super) const TOKEN_HELP: &str = "\
Examples:
  stave token add monitor                  only reads
  stave token add ci --author 'collector:*' --scope-prefix repo:git.example.com/shop \\
      --scope-prefix history:git.example.com/shop --until 365d
  stave token add ada-laptop --author ada@example.com --scope-prefix '*' --secret-file ~/.stave-token

A prefix ends where a part ends: repo:git.example.com/shop doesn't cover repo:git.example.com/shopping.";

pub(super) const READ_MODEL_HELP: &str = "\
Examples:
  stave readmodel save map.copy            on a machine whose map is made
  stave readmodel load map.copy            on a new server, before stave serve";
