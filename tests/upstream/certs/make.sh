#!/bin/sh
# The certificates of these tests: for a server and a client, by an authority that nothing else trusts; valid until 2126.
set -eu
cd "$(dirname "$0")"
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
authority() {
    key key.tmp
    openssl req -x509 -new -key key.tmp -subj "/CN=$1" -days 36500 -out "$1.pem" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
}
signed() {
    key leaf.tmp
    openssl req -new -key leaf.tmp -subj "/CN=$1" -out request.tmp
    printf '%s\n' "$2" extendedKeyUsage=serverAuth,clientAuth >extensions.tmp
    openssl x509 -req -in request.tmp -CA authority.pem -CAkey key.tmp -CAcreateserial ${3:--days 36500} \
        -extfile extensions.tmp -out certificate.tmp
    cat leaf.tmp certificate.tmp >"$1.pem"
}
authority authority
signed server subjectAltName=DNS:localhost,IP:127.0.0.1
signed expired subjectAltName=DNS:localhost,IP:127.0.0.1 "-days 0"
signed client basicConstraints=CA:FALSE
openssl ec -in leaf.tmp -aes256 -passout pass:secret -out encrypted.pem
authority stranger
rm -f ./*.tmp ./*.srl
