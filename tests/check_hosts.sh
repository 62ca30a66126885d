#!/usr/bin/env bash
# Three hosts on this machine, each with a network, a name and an sshd of its own (namespaces), and what `run --hosts`
# makes of them: all well, one killed, one cut off and back. As root, with openssh-server and iproute2: `make check-hosts`.
# Traffic stays in the namespaces. They share CPUs and a boot, so they take turns.
# shellcheck disable=SC2016 # what is evaluated later
set -u
. tests/support.sh
build=$PWD/${BUILD:-build/default}
tag=pb$$
net=10.213.$(($$ % 250)) # documentation has no range that may be routed; this one stays in the namespaces
why=''
[ "$(id -u)" = 0 ] || why='namespaces take root'
[ -n "$why" ] || command -v ip >/dev/null || why='there is no ip (iproute2)'
sshd=$(command -v sshd || echo /usr/sbin/sshd)
[ -n "$why" ] || [ -x "$sshd" ] || why='there is no sshd (openssh-server)'
[ -n "$why" ] || { ip netns add "$tag" 2>/dev/null && ip netns del "$tag"; } || why='no network namespace can be made here'
[ -z "$why" ] || { echo "skipped: $why"; exit 77; }
scratch=$(mktemp -d) || exit 1
sshds=()
down()
{
    local pid host
    for pid in "${sshds[@]}"; do
        [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null
    done
    for host in 1 2 3; do
        ip netns pids "$tag-$host" 2>/dev/null | xargs -r kill -9 2>/dev/null
        ip netns del "$tag-$host" 2>/dev/null
    done
    ip link del "$tag" 2>/dev/null
    rm -rf "$scratch"
}
trap down EXIT
cd "$scratch" || exit 1
export HOME=$scratch
unset XDG_CACHE_HOME XDG_STATE_HOME
without_gnuplot
explain() { cat out err 2>/dev/null; }
said() { tr -s '\n ' ' ' <err | grep -q -- "$1"; }
ok_rows() { [ "$(grep -c ',ok,' "$1")" -eq "$2" ]; }
does() # STATUS WORDS...
{
    local expected=$1 status=0
    shift
    limited "$build/poolbench" "$@" >out 2>err || status=$?
    [ $status -eq "$expected" ]
}

# ---- the hosts ----
ssh-keygen -q -t ed25519 -N '' -f id
ssh-keygen -q -t ed25519 -N '' -f hostkey
cat >sshd_config <<END
HostKey $scratch/hostkey
AuthorizedKeysFile $scratch/id.pub
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
UsePAM no
PidFile none
SetEnv HOME=$scratch
END
cat >ssh_config <<END
Host h1
 HostName $net.1
Host h2
 HostName $net.2
Host h3
 HostName $net.3
Host *
 User root
 IdentityFile $scratch/id
 StrictHostKeyChecking no
 UserKnownHostsFile /dev/null
 LogLevel ERROR
END
mkdir -p /run/sshd
ip link add "$tag" type bridge && ip addr add "$net.254/24" dev "$tag" && ip link set "$tag" up || exit 1
sshd_begin() # HOST
{
    ip netns exec "$tag-$1" unshare --uts --pid --fork --mount --mount-proc \
        sh -c "hostname h$1; exec $sshd -D -e -f $scratch/sshd_config" >"sshd.$1.log" 2>&1 &
    sshds[$1]=$!
}
for host in 1 2 3; do
    ip netns add "$tag-$host"
    ip link add "$tag.$host" type veth peer name eth0 netns "$tag-$host"
    ip link set "$tag.$host" master "$tag" up
    ip -n "$tag-$host" addr add "$net.$host/24" dev eth0
    ip -n "$tag-$host" link set eth0 up
    ip -n "$tag-$host" link set lo up
    sshd_begin $host
done
reached() { local i; for ((i = 0; i < 100; i++)); do ssh -F ssh_config "h$1" hostname >out 2>err && return; nap .1; done; false; }
for host in 1 2 3; do
    check "h$host is there" reached $host
    check "h$host has its name" grep -qx "h$host" out
done
words=(--pool 'serial,prefork' --workers 2 --workload spin --size 50us --tasks 40 --seed 7 --samples 5)
words+=(--hosts "h1,h2,h3" --ssh "ssh -F $scratch/ssh_config" --remote "$build/poolbench")

check 'three hosts run' does 0 run "${words[@]}" --blocks 8 --out run
check 'all of it' ok_rows run/trials.csv 48
check 'they are called so in hosts.csv' eval '[ "$(cut -d, -f2 run/hosts.csv | tr "\n" " ")" = "name h1 h2 h3 " ]'
check 'they can be compared' does 0 compare run
check 'hosts reads it' does 0 hosts run

# ---- one is killed, one is cut off, while they run ----
began() { local i; for ((i = 0; i < 600; i++)); do [ "$(wc -l <"$1" 2>/dev/null || echo 0)" -gt "$2" ] && return; nap .05; done; false; }
"$build/poolbench" run "${words[@]}" --blocks 40 --out lost >out 2>err &
pid=$!
check 'it has begun' began lost/hosts/h2/trials.csv 4
ip netns pids "$tag-2" | xargs -r kill -9
ip link set "$tag.3" down
status=0
wait $pid || status=$?
check 'some hosts ran all' [ $status -eq 5 ]
check 'of one all is there' eval '[ "$(grep ",h1," lost/trials.csv | grep -c ",ok,")" = 80 ]'
check 'one was killed' said 'h2 (h2): it was cut off'
check 'one was cut off' said 'h3 (h3): it '
ip link set "$tag.3" up
sshd_begin 2
check 'h2 is there again' reached 2
check 'h3 is there again' reached 3
check 'resume completes it' does 0 resume lost --ssh "ssh -F $scratch/ssh_config" --remote "$build/poolbench"
check 'all of it' ok_rows lost/trials.csv 240
closing
