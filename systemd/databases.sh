#!/bin/sh
# What install.sh does in the data folder. It runs this in a shell inside that folder, as its owner: for root, a link or
# a folder in place of a file could lead anywhere.
#
#   aside    copy every database: FILE.before
#   back     restore those that have been migrated since
#   forget   delete the copies
set -eu

keep() { # all or nothing: the copy may be restored
	rm -rf "$1.copy" "$1.before"
	cp -p "$1" "$1.copy"
	mv -T "$1.copy" "$1.before"
}

layout() { od -An -j60 -N4 -tu1 "$1" | tr -d ' \n'; } # SQLite's user_version, which an older program refuses

is_file() { [ -f "$1" ] && [ ! -L "$1" ]; }

put_back() { # with its log, if the daemon had been killed
	rm -rf "$1" "$1-wal" "$1-shm"
	mv -T "$1.before" "$1"
	if is_file "$1-wal.before"; then mv -T "$1-wal.before" "$1-wal"; fi
}

for database in ./*.db; do
	case $1 in
	aside)
		is_file "$database" || continue
		rm -rf "$database-wal.before"
		keep "$database"
		if is_file "$database-wal"; then keep "$database-wal"; fi
		;;
	back)
		is_file "$database.before" || continue
		if [ "$(layout "$database.before")" != "$(layout "$database")" ]; then put_back "$database"; fi
		;;
	esac
done
if [ "$1" != aside ]; then rm -rf ./*.db.before ./*.db-wal.before ./*.db.copy ./*.db-wal.copy; fi
