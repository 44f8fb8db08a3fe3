#!/bin/sh
# Installs the PostgreSQL server that "vaxel serve" runs as its child, from Debian's
# packages, unless a version that will do (15 to 18) is there. Starts no service and
# makes no cluster: the private one is Växel's own.
set -eu

etc=${DESTDIR:-}/etc/postgresql-common/createcluster.d
policy=${DESTDIR:-}/usr/sbin/policy-rc.d

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
	echo "Växel needs the PostgreSQL server, and only root can install it. Please run:" >&2
	echo "  sudo apt-get install --no-install-recommends postgresql" >&2
	exit 1
fi

echo "Installing the PostgreSQL server (Debian package postgresql) ..."

# What is there is put back at the end, however that comes.
restore() {
	rm -f "$etc/vaxel.conf"
	if [ -e "$policy.vaxel-keeps" ]; then mv -f "$policy.vaxel-keeps" "$policy"; else rm -f "$policy"; fi
}
trap restore EXIT
trap 'exit 130' INT TERM HUP

mkdir -p "$etc" "$(dirname "$policy")"
# One that is marked as ours is from a run that was killed.
if [ -e "$policy" ] && ! grep -q "# vaxel" "$policy"; then cp -p "$policy" "$policy.vaxel-keeps"; fi
printf '#!/bin/sh\nexit 101 # vaxel: start no service while its packages are installed\n' >"$policy"
chmod 755 "$policy"
echo "create_main_cluster = false" >"$etc/vaxel.conf"

install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends postgresql; }
install || { apt-get update -q && install; }
