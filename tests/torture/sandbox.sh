#!/bin/sh
# SPDX-License-Identifier: MIT
# What a command reaches for, by strace: no command opens a socket, starts another program, or
# makes, changes or removes a file outside its outputs and TMPDIR, and what a path in its input
# says is not followed. The small runs have their outputs named; of the command tests it is
# known that all they do is in a folder of theirs.
. "$(dirname "$0")/../small.sh"
slice='cat|pack|state|score'

watched=execve,clone,clone3,fork,vfork,socket,socketpair,connect,bind,accept,accept4,sendto,openat,open,creat,mkdir,mkdirat,mknod,mknodat,rename,renameat,renameat2,unlink,unlinkat,rmdir,symlink,symlinkat,link,linkat,chmod,fchmodat,chown,lchown,fchownat,truncate,utimensat
watch() { # watch LOG COMMAND...
	log=$1
	shift
	strace -f -y -qq -s 300 --seccomp-bpf -o "$log" -e signal=none -e trace=$watched "$@"
}

# escapes LOG FOLDER...: lines of a log of watch that are not allowed. A process is what it
# executed last, a thread what its process is.
escapes() {
	log=$1
	shift
	awk -v allowed="$*" '
	function full(text,	dir, path) { # the path that a call names, from "call(AT_FDCWD</dir>, "path", ..."
		dir = text ~ /<[^>]*>, "/ ? text : ""
		sub(/>, ".*/, "", dir); sub(/.*</, "", dir)
		path = text; sub(/^[^"]*"/, "", path); sub(/".*/, "", path)
		return path ~ /^\// ? path : dir "/" path
	}
	function may(path,	i) {
		if (path ~ /\/\.\.(\/|$)/) return 0
		for (i = 1; i <= n; i++) if (index(path, folder[i] "/") == 1 || path == folder[i]) return 1
		return path ~ /^\/dev\/(null|full|tty|stdout|stderr|fd\/[0-9]+)$/
	}
	BEGIN { n = split(allowed, folder, " ") }
	NR == FNR { # first: which threads belong to which process
		if (/CLONE_THREAD/ && !/unfinished/ && match($0, /= [0-9]+$/)) leader[substr($0, RSTART + 2)] = $1
		else if (/CLONE_THREAD/ && /unfinished/) begun[$1] = 1
		else if (/<\.\.\. clone3? resumed/ && begun[$1] && match($0, /= [0-9]+$/)) { leader[substr($0, RSTART + 2)] = $1; begun[$1] = 0 }
		next
	}
	{ pid = $1; while (pid in leader) pid = leader[pid] }
	/ execve\(/ { executed[pid] = full($0) }
	/ (execve\(|<\.\.\. execve resumed)/ && / = 0$/ {
		was = program[pid]; program[pid] = executed[pid]; sub(/.*\//, "", program[pid])
		if (was ~ /^nt-/) print was " executes: " executed[pid]
		next
	}
	program[pid] !~ /^nt-/ || / = -1 / || /(resumed|exit)/ { next }
	{ n_seen++ }
	/ (socket|socketpair|connect|bind|accept4?|sendto)\(/ { print program[pid] ": " $0 }
	/ (openat|open|creat)\(/ && /O_WRONLY|O_RDWR|O_CREAT/ && !may(full($0)) { print program[pid] ": " $0 }
	/ (mkdir|mknod|rename|unlink|rmdir|symlink|link|chmod|chown|lchown|truncate|utimensat|fchmodat|fchownat)[a-z0-9]*\(/ {
		for (n_part = split($0, part, "\""); n_part > 1; n_part -= 2) # a relative one is where an openat was
			if (part[n_part - 1] ~ /^\// && !may(part[n_part - 1])) print program[pid] ": " $0
	}
	END { if (!n_seen) print "nothing was seen" }' "$log" "$log"
}

confined() { # confined NAME COMMAND
	fresh "$1"
	TMPDIR=$work/own watch "$work/st" sh -c "exec $2" 2>"$said" || return 1
	escapes "$work/st" "$out" "$work/own" >"$work/escapes"
	[ ! -s "$work/escapes" ] || { cat "$work/escapes"; return 1; }
	n_confined=$((n_confined + 1))
}

make_inputs
t 'small runs write their outputs and in TMPDIR, and open no socket' '
	n_confined=0; mkdir "$work/own"; each all confined; rmdir "$work/own"; [ "$n_confined" -ge 4 ]'

t 'a path in an input is no path that is opened' '
	mkdir secret; echo "top secret" >secret/s
	"$PYTHON" - <<-"END"
	import tarfile, io, zipfile, json
	with tarfile.open("evil.tar", "w") as t:
	    for kind, name, to in ((tarfile.SYMTYPE, "a.txt", "secret/s"), (tarfile.LNKTYPE, "b.txt", "secret/s"),
	                           (tarfile.REGTYPE, "../c.txt", ""), (tarfile.REGTYPE, "/tmp/d.txt", ""), (tarfile.CHRTYPE, "e.txt", "")):
	        m = tarfile.TarInfo(name); m.type = kind; m.linkname = to; m.size = 4 if kind == tarfile.REGTYPE else 0
	        t.addfile(m, io.BytesIO(b"text"))
	with zipfile.ZipFile("evil.zip", "w") as z: z.writestr("../f.txt", "text"); z.writestr("/etc/g.txt", "text")
	END
	for file in evil.tar evil.zip; do
		watch st nt-cat -q $file >got 2>err || :
		not grep -q secret got
		escapes st "$PWD/none" >bad; [ ! -s bad ] || { cat bad; false; }
		# behind the file itself nothing is opened but what the system has for all
		sed -n "/$file/,\$p" st | grep -v " = -1 " | grep "openat(" | grep -v -e "$file" -e "\"/proc/" -e "\"/sys/" -e "\.so" -e "/lib/" -e "ld.so.cache" -e gconv -e locale -e /etc/localtime >bad || :
		[ ! -s bad ] || { cat bad; false; }
	done
	# a checkpoint in parts, whose index names a file elsewhere
	mkdir model; cp "$in"/ckpt/config.json "$in"/ckpt/tokenizer.json model/; cp "$in"/ckpt/model.safetensors secret/m.safetensors
	"$PYTHON" -c "
import json, struct
f = open(\"secret/m.safetensors\", \"rb\"); n = struct.unpack(\"<Q\", f.read(8))[0]
names = [k for k in json.loads(f.read(n)) if k != \"__metadata__\"]
json.dump({\"metadata\": {}, \"weight_map\": {k: \"../secret/m.safetensors\" for k in names}}, open(\"model/model.safetensors.index.json\", \"w\"))"
	exits 3 watch st nt-score -q --total model "$in/a.txt" 2>err
	cat err; not grep -q "openat.*secret" st'

[ "$n_torture" -gt 1 ] && scripts=$(ls "$root"/tests/cmd/*.sh | grep -v /large.sh) || scripts=
for script in $scripts; do
	t "the same in ${script##*/}" '
		mkdir tmp
		TMPDIR=$PWD/tmp watch "$work/st" sh "'"$script"'" >tap 2>&1 </dev/null || tail -n 5 tap
		escapes "$work/st" "$PWD/tmp" "$root/build" >bad; [ ! -s bad ] || { sort bad | uniq -c | head -n 20; false; }'
done

done_testing
