#!/usr/bin/env bash
# The steps of a pipeline, the same for every CI system. Use them by make.
#
#   terraform.sh plan  DIR PLAN    plans, and keeps the plan and its text
#   terraform.sh apply DIR PLAN    applies exactly that plan, and no other
#   terraform.sh drift DIR PLAN    plans, and fails if anything differs
#
# TERRAFORM: the command, such as tofu. BACKEND: a file for -backend-config.
# After drift, PLAN.status holds none, drift or error.
set -euo pipefail

step=$1 dir=$2 plan=$3
terraform=${TERRAFORM:-terraform}

die() { echo "$*" >&2; exit 1; }

[[ -n $(compgen -G "$dir/*.tf") ]] || die "$dir holds no Terraform. Give the folder to deploy: make $step DIR=infra/examples/single-account"
command -v "$terraform" >/dev/null || die "$terraform is needed and not found: https://developer.hashicorp.com/terraform/install"
mkdir -p "$(dirname "$plan")"
plan=$(realpath --canonicalize-missing "$plan")

run() { "$terraform" -chdir="$dir" "$@"; }

init() {
  local arguments=()
  if [[ -n ${BACKEND:-} ]]; then
    [[ -f $BACKEND ]] || die "there is no file $BACKEND"
    arguments+=(-reconfigure "-backend-config=$(realpath "$BACKEND")")
  fi
  run init -input=false ${arguments[@]+"${arguments[@]}"}
}

case $step in
plan)
  # No old plan may be taken for this one if this one fails.
  rm -f "$plan" "$plan.txt" "$plan.status"
  init
  # Without a lock: planning only reads, and apply refuses a plan that is out of date.
  run plan -input=false -lock=false -out="$plan"
  run show -no-color "$plan" >"$plan.txt"
  echo "The plan is in $plan, its text in $plan.txt. Apply it: make apply DIR=$dir"
  ;;
apply)
  [[ -f $plan ]] || die "there is no plan $plan. Make one and read it first: make plan DIR=$dir"
  init
  run apply -input=false "$plan"
  rm -f "$plan" "$plan.txt" # a plan is applied once
  ;;
drift)
  rm -f "$plan" "$plan.txt"
  echo error >"$plan.status"
  init
  code=0
  run plan -input=false -lock=false -detailed-exitcode -out="$plan" || code=$?
  case $code in
  0)
    echo none >"$plan.status"
    rm -f "$plan"
    echo "No drift in $dir."
    ;;
  2)
    run show -no-color "$plan" >"$plan.txt"
    rm -f "$plan" # to be read, never applied
    echo drift >"$plan.status"
    die "DRIFT in $dir: what is deployed is not what is declared. Read $plan.txt."
    ;;
  *) die "The plan of $dir failed, so nothing is known of drift." ;;
  esac
  ;;
*) die "unknown step $step" ;;
esac
