#!/bin/sh
# Installs the PostgreSQL server that "vaxel serve" runs as its child, from Debian's
# packages, unless a version that will do (15 to 18) is there. Starts no service and
# makes no cluster: the private one is Växel's own.
set -eu

etc=${DESTDIR:-}/etc/postgresql-common/createcluster.d

for major in 15 16 17 18; do
	for bin in "${DESTDIR:-}/usr/lib/postgresql/$major/bin" "${DESTDIR:-}/usr/pgsql-$major/bin"; do
		[ -x "$bin/postgres" ] && [ -x "$bin/initdb" ] && exit 0
	done
done

if ! command -v apt-get >/dev/null; then
	echo "Växel needs PostgreSQL 15 to 18 (server and initdb). This is not a Debian: please install it with your system's packages." >&2
	exit 1
fi
if [ "$(id -u)" != 0 ]; then
	echo "Växel needs the PostgreSQL server, and only root can install it. Please run one of" >&2
	echo "  sudo $(cd "$(dirname "$0")" && pwd)/install.sh" >&2
	echo "  sudo apt-get install --no-install-recommends postgresql" >&2
	echo "The first starts no service and makes no cluster beside Växel's own. Then try again." >&2
	exit 1
fi

echo "Installing the PostgreSQL server (Debian package postgresql) ..."

mkdir -p "$etc"
trap 'rm -f "$etc/vaxel.conf"' EXIT
trap 'exit 130' INT TERM HUP
echo "create_main_cluster = false" >"$etc/vaxel.conf"
"$(dirname "$0")/apt-quiet.sh" postgresql
