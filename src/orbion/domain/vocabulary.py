"""Brazilian Portuguese words that carry no subject of their own."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from orbion.domain.text import words

ABBREVIATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "vc": "voce",
        "vcs": "voces",
        "pra": "para",
        "pro": "para",
        "q": "que",
        "qto": "quanto",
        "qnto": "quanto",
        "qt": "quanto",
        "qnt": "quanto",
        "hj": "hoje",
        "tb": "tambem",
        "pq": "porque",
        "n": "nao",
        "ta": "esta",
        "to": "estou",
        "pgto": "pagamento",
        "end": "endereco",
        "qdo": "quando",
        "mto": "muito",
        "msm": "mesmo",
        "tbm": "tambem",
        "ap": "apartamento",
        "ape": "apartamento",
        "apto": "apartamento",
    }
)
GREETINGS: Final = frozenset(
    words("oi oie oii oiee ola opa eai ei hey alo bom boa dia tarde noite tudo bem td")
)
THANKS: Final = frozenset(words("obrigado obrigada obg brigado brigada valeu vlw grato grata"))
COURTESY: Final = frozenset(
    words(
        "ok okay certo beleza blz show legal entendi perfeito combinado otimo joia massa muito"
        " tchau ate mais por favor sim"
    )
)
STOP_WORDS: Final = frozenset(
    words(
        "a o as os um uma uns umas de do da dos das em no na nos nas por para com sem que e ou se"
        " eu me mim meu minha meus minhas voce voces seu sua seus suas ele ela isso esse essa este"
        " esta isto ai aqui la ja so tambem mais menos muito como quando qual quais quanto quanta"
        " quantos quantas onde quem porque ser sou estou estao estava e eh foi vai vou vao ir tem"
        " tenho ter tinha faz fazem fazer pode posso podem poder da dar quero queria gostaria"
        " saber sobre preciso favor nao sim ao aos pelo pela ainda entao mesmo agora hoje algum"
        " alguma existe existem fica ficar sao era tipo gente coisa"
    )
)
NO_NAME: Final = (
    STOP_WORDS
    | GREETINGS
    | THANKS
    | COURTESY
    | frozenset(
        words(
            "preco precos valor valores tabela orcamento energia solar placa placas painel paineis"
            " kit kits conta luz casa empresa apartamento comercio loja sitio fazenda condominio"
            " reais real mil dono dona proprietario proprietaria gerente responsavel inquilino"
            " cliente interessado interessada pessoa atendente robo humano vendedor prefiro dizer"
            " falar depois nada ninguem alguem anuncio vi moro visita instalar instalacao custa"
            " proprio propria alugado alugada imovel telhado ver interesse qualquer tanto faz"
            " esposa marido pai mae filho filha irmao socio funciona funcionam explica informacao"
            " informacoes duvida ajuda atendem parcelar parcela pagar gasto pago telefone numero"
        )
    )
)
NO_PLACE: Final = (NO_NAME - frozenset(["rio", "bom", "boa", "sao", "mais"])) | frozenset(
    words("cima baixo breve duvida geral frente perto longe outro outra familia aluguel")
)
