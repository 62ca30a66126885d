# What poolbench completes: the functions of tables (_poolbench_options, _poolbench_value, _poolbench_operand,
# _poolbench_params), which set variables of who calls them, stand before it in what
# `poolbench help --completion --shell fish` prints.

function _poolbench
    set -l kind ''
    set -l words ''
    set -l many ''
    set -l limit 0
    set -l verb ''
    set -l option ''
    set -l operands 0
    set -l before ''
    set -l value (commandline --current-token --cut-at-cursor)
    for word in (commandline --tokenize --cut-at-cursor --current-process)[2..-1]
        if test -z "$verb"
            set verb $word
        else if test -n "$option"
            set option ''
        else if string match --quiet -- '-*' $word
            set kind ''
            _poolbench_value $verb $word
            test -n "$kind"; and set option $word
        else
            set operands (math $operands + 1)
        end
    end
    if test -n "$verb" -a -z "$option"; and string match --quiet -- '--*=*' $value
        set option (string replace --regex -- '=.*' '' $value)
        set before $option=
        set value (string replace --regex -- '^[^=]*=' '' $value)
    end
    set kind ''
    set words ''
    set many ''
    if test -n "$option"
        _poolbench_value "$verb" $option
    else if string match --quiet -- '-*' $value
        set kind words
        _poolbench_options "$verb"
    else
        _poolbench_operand "$verb"
        test $operands -lt $limit; or return
    end
    if test -n "$many"; and string match --quiet -- '*,*' $value
        set before $before(string replace --regex -- '[^,]*$' '' $value)
        set value (string replace --regex -- '.*,' '' $value)
    end
    if test "$kind" = spec; and string match --quiet --regex -- '^[^:]*=' $value # a label
        set before $before(string replace --regex -- '=.*' '=' $value)
        set value (string replace --regex -- '^[^=]*=' '' $value)
    end
    if test "$kind" = spec; and string match --quiet -- '*:*' $value
        set words ''
        _poolbench_params $option (string replace --regex -- ':.*' '' $value)
        set before $before(string replace --regex -- '[^:]*$' '' $value)
    end
    test -n "$words"; and printf '%s\n' $before(string split ' ' -- $words)
    switch "$kind"
        case runs
            for run in results/*/trials.csv
                printf '%s\n' $before(string split / -- $run)[2]
            end
            __fish_complete_directories $value
        case suites
            poolbench list suites 2>/dev/null | string replace --filter --regex '^(\S+) .*' '$1'
            __fish_complete_suffix .ini
        case files
            printf '%s\n' $before(__fish_complete_path $value)
        case directories
            printf '%s\n' $before(__fish_complete_directories $value)
    end
end

complete --command poolbench --no-files --arguments '(_poolbench)'
