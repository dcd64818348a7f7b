#!/bin/sh
# Keeps what a peer deletes or replaces. Syncthing on the laptop calls this instead of deleting a file
# (File Versioning "external"; set by `handover sync apply` from syncthing-config.toml):
#
#   keep-version.sh <folder> <file, relative to it> <days>
#
# The file goes to <folder>/.stversions, which no device syncs, as Syncthing's own versioning names it:
#   In_Progress/x.md  ->  .stversions/In_Progress/x~20261120-081500.md
# Why not Syncthing's own: all three kinds lose versions. "simple" names them to the second, so of two in one
# second the later replaces the earlier (measured): a peer that writes rubbish over a note and deletes it
# at once has destroyed it. "staggered" thins them out, "trashcan" keeps one. Here a second one of the same
# second becomes x~20261120-081500-1.md, and nothing is replaced, ever.
#
# Exit other than 0: not kept; Syncthing then leaves the file where it is and reports an error.
# Needs: sh, date, mkdir, ln, rm, mv, find.
set -eu
LC_ALL=C
export LC_ALL

folder=$1
file=$2
days=$3
from=$folder/$file
kept=$folder/.stversions

case $file in
  */*) dir=$kept/${file%/*} base=${file##*/} ;;
  *) dir=$kept base=$file ;;
esac
case $base in
  ?*.*) stem=${base%.*} ext=.${base##*.} ;;
  *) stem=$base ext= ;;
esac
# A name has at most 255 bytes, and ours has some more than the file's.
if [ ${#base} -gt 225 ]; then
  [ ${#ext} -le 20 ] || ext=
  stem=$(printf %.200s "$stem")
fi

[ -d "$dir" ] || mkdir -p "$dir"
stamp=$(date +%Y%m%d-%H%M%S)

# By their ctime, the moment they came here: the time stamp of the content is the peer's word. About one run in
# sixty does it, so that it costs nothing.
case $stamp in
  *00) find "$kept" -type f -ctime "+$days" -exec rm -f {} + || : ;;
esac

n=0
to=$dir/$stem~$stamp$ext
# link(2) refuses a name that is taken; rename(2) would replace it.
until ln "$from" "$to" 2>/dev/null; do
  if [ -e "$to" ]; then
    n=$((n + 1))
    [ "$n" -lt 10000 ]
    to=$dir/$stem~$stamp-$n$ext
  else
    # A disk without hard links.
    mv "$from" "$to"
    exit 0
  fi
done
rm -f "$from"
