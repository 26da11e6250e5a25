#!/usr/bin/env bash
# The main job, in throwaway network namespaces: nothing is left in the caller's network.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/sbin:/sbin"

if [ -z "${BPFILTER_DEMO:-}" ]; then
  export BPFILTER_DEMO=1
  for need in iptables-legacy nft ip unshare nsenter; do
    command -v "$need" >/dev/null || { echo "demo: $need is not installed (as root, \"make demo\" installs it); without it nothing can be shown"; exit 1; }
  done
  if [ "$(id -u)" = 0 ]; then exec unshare --net "$0"; fi
  unshare --user --map-root-user --net true 2>/dev/null ||
    { echo "demo: this kernel lets no ordinary user make namespaces: run it as root"; exit 1; }
  echo "(no root here: everything below happens in a user and network namespace of your own)"
  exec unshare --user --map-root-user --net "$0"
fi

bold=; plain=
if [ -t 1 ]; then bold=$'\e[1m'; plain=$'\e[0m'; fi
say() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
show() { printf '%s$ %s%s\n' "$bold" "$*" "$plain"; "$@"; }

BPFILTER_BASE=$(mktemp -d); export BPFILTER_BASE
export XTABLES_LOCKFILE="$BPFILTER_BASE/xtables.lock"
PATH="$PWD/dist:$PATH"
failures=0
expect() { # expect WHAT WANTED COMMAND…
  local what=$1 wanted=$2 got; shift 2
  if "$@" >/dev/null 2>&1; then got=passes; else got=stopped; fi
  if [ "$got" = "$wanted" ]; then printf '  %-52s %s\n' "$what" "$got, as it should"; else
    printf '  %-52s %s, WRONG\n' "$what" "$got"; failures=$((failures + 1)); fi
}

unshare --net sleep 600 & peer=$!
server=
cleanup() {
  kill "$peer" $server 2>/dev/null || true
  rm -rf "$BPFILTER_BASE"
}
trap cleanup EXIT
until [ "$(readlink /proc/$peer/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.01; done

ip link set lo up
ip link add demo0 type veth peer name demo1 netns "$peer"
ip addr add 10.99.0.1/24 dev demo0; ip link set demo0 up
on_peer() { nsenter --net --target "$peer" -- "$@"; }
on_peer ip addr add 10.99.0.2/24 dev demo1; on_peer ip link set demo1 up; on_peer ip link set lo up

node -e 'for (const port of [80, 8080, 23]) require("net").createServer((s) => s.end("hello\n")).listen(port, "10.99.0.1")' & server=$!
connect() { on_peer timeout 1 node -e 'const s = require("net").connect(+process.argv[1], "10.99.0.1"); s.on("data", () => process.exit(0)); s.on("error", () => process.exit(1))' "$1"; }
pinged() { on_peer timeout 3 ping -c 1 -W 1 10.99.0.1; }
until connect 8080 >/dev/null 2>&1; do sleep 0.1; done

say "An unmodified iptables-legacy sets up a firewall; its socket options go to our driver"
cat > "$BPFILTER_BASE/firewall.sh" <<'RULES'
set -e
iptables -N LOGDROP
iptables -A LOGDROP -m limit --limit 5/min -j LOG --log-prefix "dropped: "
iptables -A LOGDROP -j DROP
iptables -A INPUT -i lo -j ACCEPT
iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A INPUT -m conntrack --ctstate INVALID -j DROP
iptables -A INPUT -p icmp --icmp-type echo-request -j ACCEPT
iptables -A INPUT -p tcp -m multiport --dports 80,8080 -m comment --comment "the web" -j ACCEPT
iptables -A INPUT -p tcp --dport 23 -j REJECT --reject-with tcp-reset
iptables -A INPUT -j LOGDROP
iptables -P INPUT DROP
RULES
sed 's/^/  /' "$BPFILTER_BASE/firewall.sh"
show bpfilter run -- sh "$BPFILTER_BASE/firewall.sh"

say "Traffic from the peer"
expect "ping" passes pinged
expect "TCP 8080 (web)" passes connect 8080
expect "TCP 80 (web)" passes connect 80
expect "TCP 23 (rejected)" stopped connect 23
expect "TCP 2222 (dropped and logged)" stopped connect 2222

say "iptables shows the rules, with live counters"
show bpfilter run -- iptables-legacy -L -n -v

say "What is in force: nftables"
nft list table ip bpfilter_filter | sed -n '/chain/,$p'

say "The driver is killed in front of you; the rules stay, and the next iptables starts it again"
bpfilter run -- sh -c '
  iptables -L >/dev/null; ps --ppid "$PPID" -o pid,comm | grep bpfilter_umh | sed "s/^/  /"
  bpfilter umh kill | sed "s/^/  /"
  iptables -vnL INPUT | head -6'
expect "ping, with no driver running" passes pinged
expect "TCP 23, with no driver running" stopped connect 23

say "Status, and back to nothing"
show bpfilter status
show bpfilter reset
show bpfilter iptables -S
[ -z "$(nft list ruleset)" ] && echo "nft list ruleset: empty"

if [ "$failures" = 0 ]; then say "All as it should be"; else say "$failures things went WRONG"; exit 1; fi
