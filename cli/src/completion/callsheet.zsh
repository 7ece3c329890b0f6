#compdef callsheet
# zsh completion for callsheet. What is typed is handed on word by word, and never evaluated.
_callsheet() {
  local line
  local -a found
  for line in ${(f)"$(callsheet complete -- "${(@)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)"}; do
    found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  _describe callsheet found || _files
}
# Run by compinit as a file of fpath, or read by source.
if [[ ${funcstack[1]} == _callsheet ]]; then _callsheet; else compdef _callsheet callsheet; fi
