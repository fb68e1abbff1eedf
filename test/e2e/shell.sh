#!/bin/sh
# What people do in shells, with what POSIX says alone, so that any shell and its tools print the
# same. Run in a folder with fruit.txt: sh shell.sh abc d
set -e
third() { local first=$1; echo "third got $first"; return 3; }
third 42 || echo "status $?"
for number in 1 2 3; do printf '%s,' "$number"; done; echo
case "$1" in a*) echo "starts with a: $1" ;; *) echo other ;; esac
echo "arguments: $# $@ ${2:-default} ${1%c} ${#1} ${1#a}"

echo '# substitution, subshells'
last=$(echo first; (echo nested; echo second) | tail -n 1); echo "last=$last"
(cd /tmp; pwd; inside=1; echo "$inside"); pwd | sed 's/.*/somewhere else/'; echo "[$inside]"
echo "$(echo "nested $(echo "deep $(echo deeper)")")"
squares=$(for i in 1 2 3; do echo $i; done | while read k; do echo $((k * k)); done | paste -s -d + -)
echo "squares=$squares"

echo '# here-documents'
cat <<EOF
with $number and $(echo commands) and $((6 * 7))
EOF
cat <<'EOF' | sed 's/o/0/g'
literal $number foo
EOF

echo '# redirection'
echo one > file; echo two >> file; cat < file | while read line; do echo "line:$line"; done
{ echo out; echo error >&2; } 2> errors; cat errors
exec 5> five; echo "to five" >&5; exec 5>&-; cat five
ls missing 2> /dev/null || echo "no such file"

echo '# pipelines'
echo a b c | { read first rest; echo "first=$first rest=$rest"; }
if grep -q banana fruit.txt; then echo found; fi
cat fruit.txt | (read first; echo "first=$first"; wc -l | tr -d ' ')
upper() { lines "$@" | tr a-z A-Z; }
lines() { for word; do echo "-$word"; done; }
upper one two
yes | head -n 2

echo '# tools'
find . -name '*.txt' -exec echo found {} \;
echo "x y z" | xargs -n 1 echo item
seq 5 | awk '{ sum += $1 } END { print sum }'
awk -F: '{ print $2; n++ } END { print n " lines" }' <<EOF
a:b:c
d:e:f
EOF
tar czf fruit.tgz fruit.txt && tar tzf fruit.tgz
mkdir unpacked && tar xzf fruit.tgz -C unpacked && cmp fruit.txt unpacked/fruit.txt && echo same
echo compressed | gzip | gunzip
printf 'b\na\nc\na\n' | sort | uniq -c | sed 's/^ *//'
diff fruit.txt unpacked/fruit.txt && echo equal
printf '%05d %x %s %5.2f\n' 42 255 string 3.14159
printf '%s\n' 'sed me' | sed -n -e 's/\(...\) \(..\)/\2 \1/p'
printf 'one\ntwo\n' >edited; sed -i 's/two/2/' edited; echo "edited $?"; cat edited
dd if=edited of=copied bs=2 count=3 2>/dev/null; echo "copied $?"; cat copied
cp edited before; sed -i 's/one/1/' edited; diff -u before edited >changes; patch before changes >/dev/null; echo "patched $?"; cat before
test -f fruit.txt -a -d unpacked && echo tested
basename /usr/lib/name.so .so; dirname /usr/lib/name.so
date -u -d @0 +%Y-%m-%dT%H:%M:%S
md5sum < fruit.txt | cut -d ' ' -f 1
ln -s fruit.txt link; readlink link; mv link moved; [ -h moved ] && echo link
chmod 640 file; stat -c '%a %s' file
touch -d 2001-02-03T04:05:06Z file; stat -c %Y file
printf 'word word\n' | wc -w | tr -d ' '
expr 6 \* 7; echo 'scale=3; 22/7' | bc; od -An -tx1 -N4 fruit.txt

echo '# control'
true && echo and || echo or
! false && echo not
eval 'echo eval $((1 << 10))'
export EXPORTED=bar; env | grep ^EXPORTED; EXPORTED=baz sh -c 'echo $EXPORTED'
sh -c 'exit 7' || echo "status $?"
unset number; echo ${number-unset} ${number:=set} $number
set -- p "q r" s; for word; do echo "<$word>"; done; shift; echo "$1"
while getopts ab: option -a -b value; do echo "option $option $OPTARG"; done
IFS=:; set -- a:b:c; for word in $1; do echo "[$word]"; done; IFS=' '
until [ -e never ]; do break; done
readonly CONSTANT=1; (CONSTANT=2) 2> /dev/null || echo constant
umask
set +e
(set -e; count=0; while [ $count -lt 3 ]; do count=$((count + 1)); done; ! true; echo on; false; echo never)
echo "status $?"

echo '# processes and signals'
sleep 0.01 & wait $!; echo "status $?"
(exit 9) & wait $!; echo "status $?"
kill -0 $$ && echo alive
trap 'echo "caught USR1"' USR1; kill -USR1 $$; trap - USR1
sh -c 'trap "echo handled; exit 5" TERM; kill -TERM $$; echo never'; echo "status $?"
sleep 10 & kill $!; wait $!; echo "status $?"
sh -c 'kill -KILL $$'; echo "status $?"
queue=/tmp/queue$$; mkfifo $queue; (echo "through a FIFO" > $queue) & cat $queue; wait; rm $queue
command -v ls > /dev/null && type cd
trap 'echo goodbye' EXIT
echo done
