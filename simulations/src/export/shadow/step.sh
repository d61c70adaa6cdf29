#!/usr/bin/env bash
# One step of a scenario, done by a node of Shadow: bash step.sh STARLING FOLDER NODE VERB …
# Posts are found by the files in FOLDER/posts, which all nodes share although their networks are apart.
set -Eeuo pipefail

starling=$1 folder=$2 node=$3 verb=$4
shift 4
say() { "$starling" --home "$folder/homes/$node" --json "$@"; }

# The node may only just have started.
for ((tries = 0; tries < 150; tries++)); do
  if say status >/dev/null 2>&1; then break; fi
  sleep 0.2
done

# A text of so many bytes that no other post has.
text() {
  local words="post $1: " want=$(($2 > 12 ? $2 : 12))
  while ((${#words} < want)); do words+="the starlings turn as one over the reeds and nobody leads "; done
  printf '%s' "${words:0:want}"
}

case $verb in
begin)
  for what in "$@"; do
    case $what in
    /*) say peers add --no-wait "$what" ;;
    *) say follow "$what" ;;
    esac
  done
  ;;
post)
  answers=()
  if [[ $3 != - ]]; then answers=(--reply "$(<"$folder/posts/$3")"); fi
  made=$(say post "${answers[@]}" "$(text "$1" "$2")")
  printf '%s\n' "$made"
  [[ $made =~ \"id\":\"([a-z0-9]+)\" ]] && printf '%s' "${BASH_REMATCH[1]}" >"$folder/posts/$1"
  ;;
boost | like) say "$verb" "$(<"$folder/posts/$1")" ;;
delete) say delete --yes "$(<"$folder/posts/$1")" ;;
follow | unfollow | block) say "$verb" "$1" ;;
meet) say peers add --no-wait "$1" ;;
collect)
  say status
  say home --limit 1000000
  ;;
*)
  printf 'error: no such step: %s\n' "$verb" >&2
  exit 2
  ;;
esac
