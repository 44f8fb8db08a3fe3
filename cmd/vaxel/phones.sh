#!/bin/sh
# Installs baresip, the telephone that the demonstration has settings for, as root and from
# Debian. Nothing else needs it: without it this says what to do later, and all goes on.
set -u

command -v baresip >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "Installing a telephone to try calls with (Debian package baresip-core) ..."
	"$(dirname "$0")/../../localpg/apt-quiet.sh" baresip-core >/dev/null 2>&1 && exit 0
fi
echo "There is no telephone here to try calls with; the rest needs none. Later: sudo apt-get install --no-install-recommends baresip-core"
