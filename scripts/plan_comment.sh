#!/usr/bin/env bash
# A plan's text as Markdown, short enough for a comment of GitHub or GitLab.
#
#   plan_comment.sh PLAN.txt FOLDER ACCOUNT
set -euo pipefail
text=$1 folder=$2 account=$3
limit=60000 # GitHub takes 65536 characters

# A plan holds names that others may have chosen; no run of backticks may end the block.
fence='```'
while grep -qF -- "$fence" "$text"; do fence+='`'; done

echo "### Plan of \`$folder\` in account $account"
echo
grep -E '^(Plan:|No changes\.)' "$text" || echo "See below."
echo
echo "<details><summary>Show</summary>"
echo
echo "$fence"
head -c "$limit" "$text"
echo
echo "$fence"
if (($(stat -c %s "$text") > limit)); then echo "Cut here. The whole text is in the run's log."; fi
echo
echo "</details>"
