# fish completion for callsheet. What is typed is handed on word by word, and never evaluated.
function __callsheet_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    set -l found (callsheet complete -- $words[2..-1] "$typed" 2>/dev/null)
    if set -q found[1]
        printf '%s\n' $found
    else
        __fish_complete_path "$typed"
    end
end
complete -c callsheet -f -a '(__callsheet_complete)'
