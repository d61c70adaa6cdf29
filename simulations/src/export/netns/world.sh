
# ---- how it is done ----

usage() {
  cat <<'TEXT'
usage: bash netns.sh [options]
  --starling PATH   the program to run in every namespace (otherwise the one in PATH)
  --speed N         what the plan does in N seconds is done in one; the wires keep their delays (1)
  --settle SECONDS  wait so long at the end until everybody holds what those they follow have posted (60)
  --results DIR     where the results go; nothing may be there yet (results, beside this script)
  --without-netem   go on where the kernel has no netem: rates and cuts only, no delay, no loss
  --keep            leave the homes of the nodes where they are
  --clean           only remove what a killed run of this script has left behind
It needs root. All traffic stays within the namespaces, and they go when the script ends.
TEXT
}

fail() {
  printf 'error: %s\n' "$1" >&2
  [[ -z ${2-} ]] || printf 'hint: %s\n' "$2" >&2
  exit "${3-1}"
}

tell() { printf '%s\n' "$*" >&2; }

prefix=starling-$$-
starling=starling speed=1 settle=60 results='' keep='' with_netem=yes
work='' began=0 closed=''
declare -A author=() peer=() process=()

# Microseconds since 1970.
clock() { printf -v "$1" '%s' "${EPOCHREALTIME/[.,]/}"; }

# Sleeps for so many microseconds, or not at all.
pause() {
  if (($1 > 0)); then sleep "$(($1 / 1000000)).$(printf '%06d' $(($1 % 1000000)))"; fi
}

# The value of a name in a line of JSON; our own program writes them, so nothing is escaped in what is asked for.
field() { sed -n "s/.*\"$1\":\"\\([^\"]*\\)\".*/\\1/p" | head -n 1; }

# Runs the program for a node, in its namespace.
at_node() {
  local node=$1
  shift
  ip netns exec "$prefix$node" "$starling" --home "$work/$node" --json "$@"
}

# ---- the wires ----

# Whether this kernel can delay and lose packets.
has_netem() {
  local probe=${prefix}probe found=1
  ip netns add "$probe"
  ip -n "$probe" link set lo up
  if tc -n "$probe" qdisc add dev lo root netem delay 1ms 2>/dev/null; then found=0; fi
  ip netns del "$probe"
  return "$found"
}

# The namespace of a node, its cable to the switch, and what the cable does to packets.
plug() {
  local node=$1 region address up down region_to
  read -r region address up down _ <<<"${hosts[$1]}"
  local here=$prefix$node switch=${prefix}switch
  ip netns add "$here"
  ip -n "$here" link set lo up
  ip -n "$switch" link add "port$node" type veth peer name eth0 netns "$here"
  # Packets of the size that real wires carry: what is lost or delayed is one packet, not a bundle of them.
  ip -n "$here" link set eth0 gso_max_segs 1
  ip -n "$switch" link set "port$node" gso_max_segs 1
  ip -n "$here" addr add "$address/8" dev eth0
  ip -n "$here" link set eth0 up
  ip -n "$switch" link set "port$node" master bridge0 up
  # What it can send, and for each region that it sends to a delay of its own.
  tc -n "$here" qdisc add dev eth0 root handle 1: htb default 2
  tc -n "$here" class add dev eth0 parent 1: classid 1:1 htb rate "${up}bit" quantum 1514
  tc -n "$here" class add dev eth0 parent 1:1 classid 1:2 htb rate 8kbit ceil "${up}bit" quantum 1514
  if [[ $with_netem ]]; then
    for ((region_to = 0; region_to < regions; region_to++)); do
      local class=$((region_to + 16))
      tc -n "$here" class add dev eth0 parent 1:1 classid "1:$(printf %x "$class")" \
        htb rate 8kbit ceil "${up}bit" quantum 1514
      # shellcheck disable=SC2086
      tc -n "$here" qdisc add dev eth0 parent "1:$(printf %x "$class")" netem ${wires[$region.$region_to]}
      tc -n "$here" filter add dev eth0 parent 1: protocol ip prio 1 u32 \
        match ip dst "10.$region_to.0.0/16" flowid "1:$(printf %x "$class")"
    done
  fi
  # What it can receive.
  tc -n "$switch" qdisc add dev "port$node" root handle 1: htb default 1
  tc -n "$switch" class add dev "port$node" parent 1: classid 1:1 htb rate "${down}bit" quantum 1514
}

# Packets travel within a group of nodes only: each group has a bridge of its own.
cut() {
  local node=0 group switch=${prefix}switch
  for group in "$@"; do
    if ! ip -n "$switch" link show "bridge$((group + 1))" >/dev/null 2>&1; then
      ip -n "$switch" link add "bridge$((group + 1))" type bridge
      ip -n "$switch" link set "bridge$((group + 1))" up
    fi
    ip -n "$switch" link set "port$node" master "bridge$((group + 1))"
    node=$((node + 1))
  done
  noted "" cut true ""
}

heal() {
  local node
  for node in "${!hosts[@]}"; do
    ip -n "${prefix}switch" link set "port$node" master bridge0
  done
  noted "" heal true ""
}

# ---- the nodes ----

# Takes down what was done: when, by whom, what, whether it worked, and what was said.
noted() {
  local now said=${4//\"/\"\"}
  clock now
  now=$(((now - began) * speed))
  printf '%d.%03d,%s,%s,%s,"%s"\n' \
    $((now / 1000000)) $((now / 1000 % 1000)) "$1" "$2" "$3" "${said//$'\n'/; }" >>"$results/steps.csv"
}

runs() { [[ ${process[$1]-} ]] && kill -0 "${process[$1]}" 2>/dev/null; }

# Waits until a node that was started says that it is ready.
ready() {
  local patience=600
  until [[ -s $work/$1.ready ]]; do
    runs "$1" && ((patience-- > 0)) || return 1
    sleep 0.05
  done
}

# Does something with a node that runs, and takes down what came of it. What it printed is in `said`.
said=''
act() {
  local node=$1 verb=$2 status=true
  shift 2
  if ! ready "$node"; then
    noted "$node" "$verb" false "it does not run"
    return 1
  fi
  said=$(at_node "$node" "$@" 2>"$work/$BASHPID.err") || status=false
  if [[ $status == true ]]; then noted "$node" "$verb" true ""; else noted "$node" "$verb" false "$(<"$work/$BASHPID.err")"; fi
  rm -f "$work/$BASHPID.err"
  [[ $status == true ]]
}

place() {
  local address
  read -r _ address _ <<<"${hosts[$1]}"
  printf '/ip4/%s/tcp/4001/p2p/%s' "$address" "${peer[$1]}"
}

start() {
  local node=$1 address open listen
  read -r _ address _ _ _ open <<<"${hosts[$node]}"
  # Nobody can call a node behind an address translator: it listens where nobody else is.
  [[ $open == open ]] && listen=/ip4/$address/tcp/4001 || listen=/ip4/127.0.0.1/tcp/4001
  if [[ ${process[$node]-} ]]; then wait "${process[$node]}" || true; fi
  : >"$work/$node.ready"
  ip netns exec "$prefix$node" "$starling" --home "$work/$node" --json \
    run --listen "$listen" --http 127.0.0.1:0 --no-mdns >"$work/$node.ready" 2>>"$results/$node/log" &
  process[$node]=$!
  noted "$node" start true ""
  if [[ ! -e $work/$node.begun ]]; then
    : >"$work/$node.begun"
    begin "$node" &
  fi
}

# What a node does when the world begins: it calls those it knows and follows those it follows.
begin() {
  local other
  for other in ${dials[$1]-}; do act "$1" meet peers add --no-wait "$(place "$other")" || true; done
  for other in ${follows[$1]-}; do act "$1" follow follow "${author[$other]}" || true; done
}

quit() {
  if runs "$1"; then kill -TERM "${process[$1]}"; fi
  noted "$1" quit true ""
}

kill_node() {
  if runs "$1"; then kill -KILL "${process[$1]}"; fi
  noted "$1" kill true ""
}

sleep_node() {
  if runs "$1"; then kill -STOP "${process[$1]}"; fi
  : >"$work/$1.asleep"
  noted "$1" sleep true ""
}

wake() {
  if runs "$1"; then kill -CONT "${process[$1]}"; fi
  rm -f "$work/$1.asleep"
  noted "$1" wake true ""
}

# A text of so many bytes that no other post has.
text() {
  local words="post $1: " want=$(($2 > 12 ? $2 : 12))
  while ((${#words} < want)); do words+="the starlings turn as one over the reeds and nobody leads "; done
  printf '%s' "${words:0:want}"
}

post() {
  local node=$1 post=$2 bytes=$3 reply=$4 id now answers=()
  if [[ $reply != - ]]; then
    if [[ ! -s $work/post.$reply ]]; then
      noted "$node" post false "the post that it answers was never made"
      return
    fi
    answers=(--reply "$(<"$work/post.$reply")")
  fi
  act "$node" post post "${answers[@]}" "$(text "$post" "$bytes")" || return 0
  id=$(field id <<<"$said")
  printf '%s' "$id" >"$work/post.$post"
  clock now
  now=$(((now - began) * speed))
  printf '%s,%s,%s,%d.%03d\n' "$post" "$node" "$id" $((now / 1000000)) $((now / 1000 % 1000)) >>"$results/posts.csv"
  printf '%s\n' "$id" >>"$work/posts.$node"
}

# boost, like or delete: VERB NODE POST
about() {
  if [[ ! -s $work/post.$3 ]]; then
    noted "$2" "$1" false "that post was never made"
    return
  fi
  local id yes=()
  id=$(<"$work/post.$3")
  [[ $1 == delete ]] && yes=(--yes)
  act "$2" "$1" "$1" "${yes[@]}" "$id" || return 0
  if [[ $1 == delete ]]; then printf '%s\n' "$id" >>"$work/deleted"; fi
}

# One step of the plan: at so many microseconds, this.
step() {
  local now
  clock now
  pause $((began + $1 / speed - now))
  shift
  case $1 in
  start | wake | quit | cut | heal) "$@" ;;
  kill) kill_node "$2" ;;
  sleep) sleep_node "$2" ;;
  post) "$@" & ;;
  boost | like | delete) about "$@" & ;;
  follow | unfollow | block) act "$2" "$1" "$1" "${author[$3]}" & ;;
  meet) act "$2" meet peers add --no-wait "$(place "$3")" & ;;
  *) fail "the plan has a step that is not known: $1" ;;
  esac
}

# ---- the end ----

# For each node: how many posts of those it follows there are, and how many of them it holds.
held() {
  local node other
  for node in "${!hosts[@]}"; do
    [[ -d $results/$node ]] || continue
    : >"$work/expected"
    for other in ${followed[$node]-}; do
      if [[ -s $work/posts.$other ]]; then cat "$work/posts.$other" >>"$work/expected"; fi
    done
    if [[ -s $work/deleted ]]; then
      grep -vxFf "$work/deleted" "$work/expected" >"$work/expected.new" || true
      mv "$work/expected.new" "$work/expected"
    fi
    printf '%s %d %d\n' "$node" "$(wc -l <"$work/expected")" \
      "$(sed -n 's/.*"id":"\([a-z0-9]*\)".*/\1/p' "$results/$node/home.json" | sort -u |
        grep -cxFf "$work/expected" || true)"
  done
}

# What every node holds, as it says itself. Those that sleep say nothing, those that ended are asked on their disk.
collect() {
  local node
  for node in "${!hosts[@]}"; do
    if [[ -e $work/$node.asleep || ! -e $work/$node.begun ]]; then
      : >"$results/$node/home.json"
      continue
    fi
    if runs "$node" && ready "$node"; then
      at_node "$node" status >"$results/$node/status.json" 2>>"$results/$node/log" || true
      at_node "$node" peers list >"$results/$node/peers.json" 2>>"$results/$node/log" || true
    fi
    at_node "$node" home --limit 1000000 >"$results/$node/home.json" 2>>"$results/$node/log" || true
  done
}

# Looks again and again until everybody holds what they should, or patience ends.
settled() {
  local from now missing=1
  clock from
  while :; do
    collect
    held >"$work/held"
    missing=$(awk '{ missing += $2 - $3 } END { print missing + 0 }' "$work/held")
    clock now
    if ((missing == 0 || now - from >= settle * 1000000)); then break; fi
    sleep 1
  done
  {
    echo node,expected,held
    tr ' ' , <"$work/held"
  } >"$results/held.csv"
  local seconds=null failed
  if ((missing == 0)); then seconds=$(((now - from) / 1000000)).$(printf '%03d' $(((now - from) / 1000 % 1000))); fi
  failed=$(grep -c ',false,' "$results/steps.csv" || true)
  printf '{"scenario":"%s","seed":%s,"nodes":%d,"speed":%d,"netem":%s,"posts":%d,"steps_failed":%d,"missing":%d,"settled_s":%s}\n' \
    "$scenario" "$seed" "${#hosts[@]}" "$speed" "$([[ $with_netem ]] && echo true || echo false)" \
    "$(($(wc -l <"$results/posts.csv") - 1))" "$failed" "$missing" "$seconds" >"$results/summary.json"
  cat "$results/summary.json"
}

# Removes the namespaces whose names begin so, and whoever is left in them.
remove() {
  local name left
  for name in $(ip netns list | awk -v prefix="$1" 'index($1, prefix) == 1 { print $1 }'); do
    left=$(ip netns pids "$name" 2>/dev/null) || left=''
    # shellcheck disable=SC2086
    [[ -z $left ]] || kill -KILL $left 2>/dev/null || true
    ip netns del "$name" || true
  done
}

close() {
  local status=$? node
  [[ -z $closed ]] || return 0
  closed=yes
  trap '' INT TERM
  set +e
  for node in "${!process[@]}"; do
    if runs "$node"; then kill -CONT "${process[$node]}" && kill -TERM "${process[$node]}"; fi
  done 2>/dev/null
  # Those that were asked to end are given three seconds; then nobody is asked any more.
  for _ in {1..60}; do
    [[ $(for node in "${!process[@]}"; do runs "$node" && echo "$node"; done) ]] || break
    sleep 0.05
  done
  remove "$prefix"
  [[ -z $work || $keep ]] || rm -rf "$work"
  [[ -z $work || -z $keep ]] || tell "the homes are in $work"
  exit "$status"
}

# Removes what runs have left that could not tidy up: those whose process is gone.
clean() {
  local run
  for run in $(ip netns list | sed -n 's/^starling-\([0-9]*\)-.*/\1/p' | sort -u); do
    if ! kill -0 "$run" 2>/dev/null; then remove "starling-$run-"; fi
  done
}

main() {
  local here node tool
  here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
  results=$here/results
  local only_clean=''
  while (($#)); do
    case $1 in
    --starling | --speed | --settle | --results)
      [[ $# -ge 2 ]] || fail "$1 needs a value" "" 2
      printf -v "${1#--}" '%s' "$2"
      shift
      ;;
    --without-netem) with_netem='' ;;
    --keep) keep=yes ;;
    --clean) only_clean=yes ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && fail "no such option: $1" "" 2 ;;
    esac
    shift
  done
  [[ $speed =~ ^[1-9][0-9]{0,5}$ ]] || fail "--speed is a whole number from 1" "" 2
  [[ $settle =~ ^[0-9]{1,6}$ ]] || fail "--settle is a whole number of seconds" "" 2
  ((EUID == 0)) || fail "network namespaces need root" "run it with sudo"
  for tool in ip tc awk sed grep; do
    command -v "$tool" >/dev/null || fail "$tool is not installed" "it is in the package iproute2, or in every system"
  done
  if [[ $only_clean ]]; then clean && exit 0; fi
  starling=$(command -v "$starling") || fail "no program starling" "give its path with --starling"
  [[ ! -e $results ]] || fail "$results is there already" "move it away, or choose --results DIR"
  trap close EXIT
  trap 'exit 130' INT TERM
  if [[ $with_netem ]] && ! has_netem; then
    fail "this kernel has no netem: packets can be neither delayed nor lost" \
      "--without-netem goes on with rates and cuts only"
  fi
  mkdir -p "$results"
  echo $$ >"$results/run.pid"
  # Nobody else looks into the homes: there are keys in them.
  umask 077
  work=$(mktemp -d "${TMPDIR:-/tmp}/starling-netns.XXXXXX")
  ip netns add "${prefix}switch"
  ip -n "${prefix}switch" link add bridge0 type bridge
  ip -n "${prefix}switch" link set bridge0 up
  tell "${#hosts[@]} nodes begin"
  for node in "${!hosts[@]}"; do
    local made
    mkdir -p "$results/$node"
    plug "$node"
    made=$(at_node "$node" init --name "node$node" --no-input --phrase-out "$work/$node.phrase")
    author[$node]=$(field author <<<"$made")
    peer[$node]=$(field peer_id <<<"$made")
    printf '%s\n' "$made" >"$results/$node/who.json"
  done
  for node in "${!hosts[@]}"; do prepare "$node"; done
  echo at_s,node,what,ok,said >"$results/steps.csv"
  echo post,node,id,at_s >"$results/posts.csv"
  clock began
  plan
  local now
  clock now
  pause $((began + span / speed - now))
  tell "the plan is over; waiting until everybody holds what they should, for $settle s at most"
  settled
}

# The settings of a node that are not those of everybody.
prepare() {
  local role other places=() setting
  read -r _ _ _ _ role _ <<<"${hosts[$1]}"
  [[ $role == home ]] || at_node "$1" config set network.role "$role" >/dev/null
  for other in ${bootstrap[$1]-}; do places+=("$(place "$other")"); done
  if ((${#places[@]})); then
    at_node "$1" config set network.bootstrap "$(IFS=, && printf '%s' "${places[*]}")" >/dev/null
  fi
  for setting in "${settings[@]}"; do at_node "$1" config set "${setting%%=*}" "${setting#*=}" >/dev/null; done
}

main "$@"
