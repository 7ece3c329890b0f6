# bash completion for callsheet. What is typed is handed on word by word, and never evaluated.
_callsheet() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("${line%%$'\t'*}")
  done < <(callsheet complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _callsheet callsheet
