#!/bin/busybox sh
# The first process of the virtual machine. It watches a client and a server with geophone, says on the console what each
# of the three has counted, in sections that begin with `== `, and switches the machine off. Every wait has an end.

/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev 2>/dev/null
mount -t cgroup2 none /sys/fs/cgroup
ip link set lo up

# Waits for a command to succeed, a minute at most.
until_it_is() {
    for _ in $(seq 600); do
        "$@" && return
        usleep 100000
    done
}
# Whether a process has ended, or its file has a text.
said_or_ended() {
    grep -q "$3" "$2" || ! kill -0 "$1" 2>/dev/null
}
# Port 80 is 0050, and 0A is the state of a listener (proc_pid_net(5)).
listening() {
    grep -q ':0050 [0-9A-F]*:0000 0A' /proc/net/tcp || ! kill -0 "$1" 2>/dev/null
}

echo "== kernel"
uname -r

# It is told to end when all is seen; the time is for the case that this never happens. It starts before the others: what is
# older would be found with sock_diag, which is a module of Debian's kernels and not in this archive.
geophone --for 90s --listen 127.0.0.1:7070 > /geophone.txt 2>&1 &
geophone=$!
until_it_is said_or_ended $geophone /geophone.txt 'Capture is attached'

nginx -c /etc/nginx.conf -e /var/log/nginx/error.log > /nginx.txt 2>&1 &
nginx=$!
until_it_is listening $nginx

# Four connections with fifty requests each: the paths take turns.
echo begin | geophone-testkit-peer client 127.0.0.1:80 4 50 0 1 0 0 /ok /ok /ok /missing /broken > /client.txt 2>&1
echo "exit $?" >> /client.txt
requests=$(grep -c '^GET /' /client.txt)

# A window is shown some time after its requests.
for _ in $(seq 30); do
    wget -q -O /map.json 'http://127.0.0.1:7070/api/v1/service-map?last=1h&detail=operations'
    grep -q "\"requests\":$requests," /map.json && break
    kill -0 $geophone || break
    sleep 1
done 2>/dev/null

kill -QUIT $nginx
wait $nginx
echo "exit $?" >> /nginx.txt
kill -TERM $geophone
wait $geophone
echo "exit $?" >> /geophone.txt

echo "== client"
cat /client.txt
echo "== server"
cat /var/log/nginx/access.log /var/log/nginx/error.log /nginx.txt
echo "== map"
cat /map.json
echo
echo "== geophone"
cat /geophone.txt
echo "== end"
poweroff -f
