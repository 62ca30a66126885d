# What poolbench completes: the functions of tables (_poolbench_options, _poolbench_value, _poolbench_operand,
# _poolbench_params) stand before it in what `poolbench help --completion --shell zsh` prints.

# Asks a function of tables, which sets words, a name that completion has for something else: they come back as `list`.
_poolbench_ask()
{
    local -h words=
    kind= many= limit=0
    "$@"
    list=(${=words})
}

_poolbench()
{
    local program=$words[1] verb= option= kind= many= name
    local -i operands=0 limit=0 i
    local -a line list open shut
    line=("${words[@]}")
    for ((i = 2; i < CURRENT; i++)); do
        if [[ -z $verb ]]; then
            verb=$line[i]
        elif [[ -n $option ]]; then
            option=
        elif [[ $line[i] == -* ]]; then
            _poolbench_ask _poolbench_value "$verb" "$line[i]"
            [[ -n $kind ]] && option=$line[i]
        else
            operands+=1
        fi
    done
    if [[ -n $verb && -z $option && $PREFIX == --*=* ]]; then
        option=${PREFIX%%=*}
        compset -P 1 '*='
    fi
    if [[ -n $option ]]; then
        _poolbench_ask _poolbench_value "$verb" "$option"
    elif [[ $PREFIX == -* ]]; then
        _poolbench_ask _poolbench_options "$verb"
        kind=words
    else
        _poolbench_ask _poolbench_operand "$verb"
        ((operands < limit)) || return 1
    fi
    [[ -n $many ]] && compset -P '*,'
    if [[ $kind == spec ]]; then
        [[ ${PREFIX%%:*} == *=* ]] && compset -P 1 '*=' # a label
        if [[ $PREFIX == *:* ]]; then
            name=${PREFIX%%:*}
            _poolbench_ask _poolbench_params "$option" "$name"
            compset -P '*:'
        fi
    fi
    case $kind in
    runs) list+=(results/*/trials.csv(N:h:t)) ;;
    suites) list+=(${(f)"$($program list suites 2>/dev/null | sed -n 's/^\([^ ]\{1,\}\) .*/\1/p')"}) ;;
    esac
    open=(${(M)list:#*[:=]}) shut=(${list:#*[:=]})
    ((${#open})) && compadd -S '' -a open
    ((${#shut})) && compadd -a shut
    case $kind in
    files) _files ;;
    suites) _files -g '*.ini' ;;
    runs | directories) _files -/ ;;
    esac
}

# Found in fpath it is called; read by a shell it is made known.
if [[ ${funcstack[1]-} == _poolbench ]]; then
    _poolbench "$@"
elif ((${+functions[compdef]})); then
    compdef _poolbench poolbench
fi
