#!/bin/sh
# Started by card-ssh.service: who has one of the keys in ssh.txt may log in as root, by no password.
set -eu
umask 077
mkdir -p /root/.ssh
cat /boot/firmware/ssh.txt /boot/efi/ssh.txt 2>/dev/null | tr -d '\r' >/root/.ssh/authorized_keys || true
ssh-keygen -A
